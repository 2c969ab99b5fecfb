// Journal in memory: every turn is decided and written in one synchronous step, with the verdicts the
// Postgres journal gives. No loop: what takes no time needs no group.
import { SecureRandom } from "effect/crypto"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import type { Json } from "effect/Schema"
import { Journal, type TurnWrite, type Verdict } from "../../src/services/journal/journal.ts"
import type { Unavailable } from "../../src/services/platform/unavailable.ts"
import {
  claimOf,
  commandKey,
  consumptionsOf,
  messageKey,
  messagesOf,
  verdictsOn
} from "../../src/domain/verdict.ts"
import type { GroupFacts, SentMessage } from "../../src/domain/verdict.ts"
import { offerTaken, oneWinner, TurnRejected } from "../../src/layers/journal/rejection.ts"
import { ConstraintViolated } from "./store/constraints.ts"
import { writeTurn } from "./store/journal-writes.ts"
import { MemoryTables, type Tables } from "./store/tables.ts"

const outcomesFor = (tables: Tables, { actor, command }: TurnWrite): ReadonlyMap<string, Json> => {
  if (command === null) return new Map()
  const key = commandKey(actor.id, command.sender_id, command.command_id)
  const seen = tables.commands_seen.get(key)
  return seen === undefined ? new Map() : new Map([[key, seen.outcome]])
}

const messagesFor = (tables: Tables, turn: TurnWrite): ReadonlyMap<string, SentMessage> => {
  const found = new Map<string, SentMessage>()
  for (const { event: { client_message_id, sender_id } } of messagesOf(turn)) {
    const [stored] = tables.messages.where("sender", `${turn.actor.id}/${sender_id}/${client_message_id}`)
    if (stored !== undefined) found.set(messageKey(turn.actor.id, sender_id, client_message_id), stored)
  }
  return found
}

const factsFor = (tables: Tables, turn: TurnWrite): GroupFacts => {
  const { actor, session } = turn
  const row = tables.chat_sessions.get(actor.id)
  const status = tables.mitra_status.get(actor.id)
  const claimed = claimOf(turn)?.mitra_id
  return {
    sessions: row === undefined
      ? new Map()
      : new Map([[row.id, { epoch: row.owner_epoch, last_seq: row.last_seq, status: row.status }]]),
    mitra_epochs: status === undefined ? new Map() : new Map([[actor.id, status.owner_epoch]]),
    active_mitras: new Set(
      [claimed, actor.id].filter((id) => id !== undefined && tables.mitras.get(id)?.is_active === true)
    ) as ReadonlySet<string>,
    slots: claimed === undefined ? [] : tables.mitra_slots.where("mitra", claimed),
    payments: new Map((session?.payments ?? []).flatMap(({ payment_id }) => {
      const payment = tables.payment_requests.get(payment_id)
      return payment === undefined ? [] : [[payment_id, payment.status] as const]
    })),
    outcomes: outcomesFor(tables, turn),
    messages: messagesFor(tables, turn)
  }
}

const write = (
  tables: Tables,
  turn: TurnWrite,
  slot: number | null,
  transactionIds: ReadonlyArray<string>
): Exit.Exit<Verdict> => {
  try {
    writeTurn(tables, turn, slot, transactionIds)
    return Exit.succeed({ _tag: "Committed" })
  } catch (error) {
    if (!(error instanceof ConstraintViolated)) return Exit.die(error)
    return error.constraint === oneWinner
      ? Exit.succeed({ _tag: "Refused", refusal: offerTaken(turn.actor.id) })
      : Exit.die(new TurnRejected(error.constraint))
  }
}

/** One turn as a transaction of its own. */
export const commitTurn = (
  tables: Tables,
  turn: TurnWrite,
  transactionIds: ReadonlyArray<string>
): Exit.Exit<Verdict, Unavailable> => {
  const verdict = verdictsOn([turn], factsFor(tables, turn))[0]?.verdict
  switch (verdict?._tag) {
    case "Accepted":
      return write(tables, turn, verdict.slot, transactionIds)
    case "Answered":
      return Exit.succeed(verdict.answer)
    default:
      return Exit.die(new TurnRejected(verdict?.reason ?? "no verdict"))
  }
}

export const layer = Layer.effect(Journal)(Effect.gen(function*() {
  const tables = yield* MemoryTables
  const random = yield* SecureRandom.SecureRandom
  return Journal.of({
    commit: (turn) =>
      Effect.gen(function*() {
        const ids = yield* Effect.forEach(consumptionsOf(turn), () => random.uuidV7())
        return yield* Effect.suspend(() => commitTurn(tables, turn, ids))
      }),
    outcomeOf: (actorId, senderId, commandId) =>
      Effect.sync(() => tables.commands_seen.get(commandKey(actorId, senderId, commandId))?.outcome ?? null)
  })
}))
