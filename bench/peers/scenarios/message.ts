// Messages: as many as go through with n in flight, then at given rates with due times. Without receipts,
// with them, and over two runners with the phones of each chat apart. Ours seals every text.
import { randomUUID } from "node:crypto"
import type { Chat } from "../load/messages.ts"
import type { Pace } from "../load/pace.ts"
import type { Size } from "../options.ts"
import type { World } from "../world.ts"
import { runningChats } from "./people-there.ts"
import { cpuFigures, figure, type Figure, type Outcome, perSecond, type Scenario } from "./scenario.ts"

const kibPerMiB = 1024

/** How many of them Postgres has, and that it has none twice. */
export const durable = async (world: World, tag: string) => {
  const [row] = await world.sql<Array<{ rows: number; ids: number }>>`SELECT count(*)::int AS rows,
    count(DISTINCT client_message_id)::int AS ids FROM messages WHERE client_message_id LIKE ${`${tag}-%`}`
  return { rows: row?.rows ?? 0, ids: row?.ids ?? 0 }
}

export const newTag = (): string => randomUUID().replaceAll("-", "").slice(0, 12)

const talk = async (world: World, chats: ReadonlyArray<Chat>, pace: Pace, receipts: boolean) => {
  const tag = newTag()
  const { costs, value } = await world.costing(() =>
    world.load.ask("messages", { chats, tag, pace, receipts, typing: false })
  )
  const { ids, rows } = await durable(world, tag)
  const { acknowledged, delivered, doubled, sent } = value
  const counts = {
    sent,
    acknowledged,
    delivered: delivered + doubled,
    distinct: delivered,
    durable: rows,
    ids
  }
  return { costs, counts, value }
}

const round = async (world: World, chats: ReadonlyArray<Chat>, size: Size, receipts: boolean) => {
  const { in_flight, rates, seconds } = size
  const closed = await talk(world, chats, { in_flight, rate: null, seconds }, receipts)
  const figures: Array<Figure> = [
    figure(
      `messages/s, ${in_flight} in flight`,
      "",
      perSecond(closed.value.acknowledged, closed.value.took_ms)
    ),
    figure("ack p50 at that", "ms", closed.value.ack.p50),
    ...cpuFigures("at that", closed.costs, closed.value.acknowledged)
  ]
  const outcomes = [closed]
  for (const rate of rates) {
    const open = await talk(world, chats, { in_flight: null, rate, seconds }, receipts)
    outcomes.push(open)
    figures.push(
      figure(`ack p50 at ${rate}/s`, "ms", open.value.ack.p50),
      figure(`ack p99 at ${rate}/s`, "ms", open.value.ack.p99),
      figure(`arrival p50 at ${rate}/s`, "ms", open.value.arrival.p50),
      ...cpuFigures(`at ${rate}/s`, open.costs, open.value.acknowledged)
    )
  }
  figures.push(figure("server RSS afterwards", "MiB", world.memoryKiB() / kibPerMiB))
  return {
    figures,
    counts: outcomes.map(({ counts }) => counts),
    strangers: outcomes.map(({ costs }) => costs.strangers),
    refused: outcomes.reduce((sum, { value }) => sum + value.repeated, 0)
  } satisfies Outcome
}

const prepare = (receipts: boolean): Scenario["prepare"] => async (world, size) => {
  const { chats } = await runningChats(world, size)
  return () => round(world, chats, size, receipts)
}

export const message: Scenario = { name: "message", prepare: prepare(false) }
export const messageReceipts: Scenario = { name: "message-receipts", prepare: prepare(true) }
/** The floor has no bus. */
export const twoRunners: Scenario = {
  name: "two-runners",
  runners: 2,
  without: ["floor"],
  prepare: prepare(false)
}
