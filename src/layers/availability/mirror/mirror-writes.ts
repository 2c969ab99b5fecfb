// Writing mitras into the mirror from their rows: a ticket first, then the rows, then the script. That
// order is what makes any number of writers safe (write-scripts.ts says why).
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type { Unavailable } from "../../../services/platform/unavailable.ts"
import type { MirrorRow } from "../mirror-rows.postgres.ts"
import { listed, unavailable, Valkey } from "../../platform/valkey/connection.ts"
import { wantKeysOf } from "./keys.ts"
import { apply, drawTicket } from "./write-scripts.ts"

export interface Ticket {
  readonly generation: string
  readonly ticket: string
  /** The mirror was whole when the ticket was drawn. */
  readonly seeded: boolean
}

export interface Written {
  readonly written: number
  readonly drifted: number
  readonly outrun: number
  readonly removed: number
}

export const nothingWritten: Written = { written: 0, drifted: 0, outrun: 0, removed: 0 }

export const plus = (a: Written, b: Written): Written => ({
  written: a.written + b.written,
  drifted: a.drifted + b.drifted,
  outrun: a.outrun + b.outrun,
  removed: a.removed + b.removed
})

// One script run of this many mitras holds Valkey up for about two milliseconds.
const mitrasPerRun = 200

export const timeText = (ms: number): string => DateTime.formatIso(DateTime.makeUnsafe(ms))

const flag = (yes: boolean): string => yes ? "1" : "0"
const orEmpty = (ms: number | null): string => ms === null ? "" : String(ms)

const argumentsOf = (row: MirrorRow): ReadonlyArray<string> => [
  row.mitra_id,
  flag(row.is_online),
  flag(row.is_active),
  String(row.sessions),
  row.display_name,
  String(row.online_since ?? 0),
  String(row.last_offer_at ?? 0),
  String(row.seen_at ?? 0),
  row.seen_at === null ? "" : timeText(row.seen_at),
  String(row.open_offers),
  orEmpty(row.declined_at),
  flag(row.is_draining),
  flag(row.has_device),
  wantKeysOf(row).join(" ")
]

/** A mitra without a row: out of everything, and not deactivated either. */
const absent = (
  mitraId: string
): ReadonlyArray<string> => [mitraId, "0", "1", "", "", "0", "0", "0", "", "0", "", "0", "0", ""]

const inRunsOf = <A>(items: ReadonlyArray<A>, size: number): ReadonlyArray<ReadonlyArray<A>> =>
  Array.from(
    { length: Math.ceil(items.length / size) },
    (_, index) => items.slice(index * size, (index + 1) * size)
  )

export const makeMirrorWrites = Effect.fnUntraced(function*(newGeneration: Effect.Effect<string>) {
  const valkey = yield* Valkey

  const draw: Effect.Effect<Ticket, Unavailable> = Effect.gen(function*() {
    const { eviction } = yield* valkey.state
    // Of two generations the later one has later tickets, whatever was lost between them.
    const firstTicket = (yield* Clock.currentTimeMillis) * 1_000
    const words = [yield* newGeneration, firstTicket, flag(eviction !== null)]
    const [generation, ticket, bornAt] = (yield* valkey.run(drawTicket, words)) as [
      string,
      number,
      string
    ]
    return { generation, ticket: String(ticket), seeded: bornAt !== "" }
  })

  const run = (ticket: Ticket, mitras: ReadonlyArray<ReadonlyArray<string>>) =>
    listed(valkey.run(
      apply,
      [ticket.generation, ticket.ticket, ...mitras.flat()],
      valkey.timings.batch_within_ms
    )).pipe(
      Effect.flatMap((answer) => {
        const [known, written, drifted, outrun, removed] = answer as [number, number, number, number, number]
        // Wiped since the ticket was drawn: what was read then must not fill the new mirror.
        return known === 1
          ? Effect.succeed<Written>({ written, drifted, outrun, removed })
          : Effect.fail(unavailable)
      })
    )

  /** Writes what was read after `ticket`; `missing` are ids that were asked for and have no row. */
  const write = (ticket: Ticket, rows: ReadonlyArray<MirrorRow>, missing: ReadonlyArray<string>) =>
    Effect.forEach(
      inRunsOf([...rows.map(argumentsOf), ...missing.map(absent)], mitrasPerRun),
      (mitras) => run(ticket, mitras),
      { concurrency: 2 }
    ).pipe(Effect.map((all) => all.reduce(plus, nothingWritten)))

  return { draw, write }
})

export type MirrorWrites = Effect.Success<ReturnType<typeof makeMirrorWrites>>
