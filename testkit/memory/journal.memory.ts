// Journal in memory: a turn, or a group of them, is decided and written in one synchronous step, with the
// verdicts the Postgres journal gives.
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
import type { GroupFacts, LockedSlot, SentMessage } from "../../src/domain/verdict.ts"
import { offerTaken, oneWinner, TurnRejected } from "../../src/layers/journal/rejection.ts"
import { defaultLimits, makeGroupCommit } from "../../src/layers/journal/group-commit.ts"
import { BatchFailed, type GroupWriter } from "../../src/layers/journal/group-writer.ts"
import { ConstraintViolated, hold } from "./store/constraints.ts"
import { holdTurn, writeTurn } from "./store/journal-writes.ts"
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

/** Of a group, what Postgres reads under its locks before it judges any turn of it. */
const groupFactsFor = (tables: Tables, turns: ReadonlyArray<TurnWrite>): GroupFacts => {
  const all = turns.map((turn) => factsFor(tables, turn))
  const merged = <Value>(pick: (facts: GroupFacts) => ReadonlyMap<string, Value>) =>
    new Map(all.flatMap((facts) => [...pick(facts)]))
  const slots = all.flatMap((facts) => facts.slots)
  return {
    sessions: merged((facts) => facts.sessions),
    mitra_epochs: merged((facts) => facts.mitra_epochs),
    active_mitras: new Set(all.flatMap((facts) => [...facts.active_mitras])),
    slots: slots.filter((slot, index) => slots.findIndex((other) => isSameSlot(slot, other)) === index),
    payments: merged((facts) => facts.payments),
    outcomes: merged((facts) => facts.outcomes),
    messages: merged((facts) => facts.messages)
  }
}

const isSameSlot = (a: LockedSlot, b: LockedSlot): boolean => a.mitra_id === b.mitra_id && a.slot === b.slot

/** A constraint that two turns of the group break only together: one transaction cannot write both. */
const holdTogether = (turns: ReadonlyArray<TurnWrite>): void => {
  const charged = turns.flatMap(consumptionsOf).map(({ payment_id }) => payment_id)
  hold(new Set(charged).size === charged.length, "transactions_payment_id_key")
}

/**
 * A group as one transaction: all turns are judged by what was there before any of them was written. A turn
 * that the database would reject spoils the group, and nothing of it is written.
 */
export const commitGroup = (
  tables: Tables,
  turns: ReadonlyArray<TurnWrite>,
  transactionIds: ReadonlyArray<ReadonlyArray<string>>
): ReadonlyArray<Exit.Exit<Verdict, Unavailable>> | BatchFailed => {
  const decided = verdictsOn(turns, groupFactsFor(tables, turns))
  const accepted = decided.filter(({ verdict }) => verdict._tag === "Accepted").map(({ turn }) => turn)
  try {
    for (const turn of accepted) holdTurn(tables, turn)
    holdTogether(accepted)
  } catch (error) {
    if (error instanceof ConstraintViolated) return new BatchFailed(error.constraint)
    throw error
  }
  return decided.map(({ turn, verdict }, index) => {
    switch (verdict._tag) {
      case "Accepted":
        return write(tables, turn, verdict.slot, transactionIds[index] ?? [])
      case "Answered":
        return Exit.succeed(verdict.answer)
      case "Invalid":
        return Exit.die(new TurnRejected(verdict.reason))
    }
  })
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

const idsFor = (random: SecureRandom.SecureRandom["Service"]) => (turn: TurnWrite) =>
  Effect.forEach(consumptionsOf(turn), () => random.uuidV7())

type Ended = Exit.Exit<Verdict, Unavailable>

interface WriterOptions {
  readonly tables: Tables
  readonly random: SecureRandom.SecureRandom["Service"]
  /** How a step gets to the rows. */
  readonly reach: <A, E>(step: Effect.Effect<A, E>) => Effect.Effect<A, E | Unavailable>
  /** Hears of every turn that got there. */
  readonly onTurn?: (turn: TurnWrite, ended: Ended) => void
  /** Writes turns in place of ours, also those of a group. */
  readonly instead?: typeof commitTurn | undefined
}

/** Groups and single turns as the Postgres journal's writer has them, each one step. */
export const groupWriter = (options: WriterOptions): GroupWriter => {
  const { instead, onTurn = () => {}, random, reach, tables } = options
  const idsOf = idsFor(random)
  const writeOne = instead ?? commitTurn
  const writeAll = (turns: ReadonlyArray<TurnWrite>, ids: ReadonlyArray<ReadonlyArray<string>>) =>
    instead === undefined
      ? commitGroup(tables, turns, ids)
      : turns.map((turn, index) => instead(tables, turn, ids[index] ?? []))
  return {
    isShort: () => false,
    writeBatch: (turns) =>
      Effect.flatMap(Effect.forEach(turns, idsOf), (ids) =>
        reach(Effect.suspend(() => {
          const ended = writeAll(turns, ids)
          if (ended instanceof BatchFailed) return Effect.fail(ended)
          turns.forEach((turn, index) => onTurn(turn, ended[index] ?? Exit.die("no outcome")))
          return Effect.succeed(ended)
        }))),
    writeOne: (turn) =>
      Effect.flatMap(idsOf(turn), (ids) =>
        reach(Effect.suspend(() => {
          const ended = writeOne(tables, turn, ids)
          onTurn(turn, ended)
          return ended
        })))
  }
}

const outcomeOf = (tables: Tables): Journal["Service"]["outcomeOf"] => (actorId, senderId, commandId) =>
  Effect.sync(() => tables.commands_seen.get(commandKey(actorId, senderId, commandId))?.outcome ?? null)

export const layer = Layer.effect(Journal)(Effect.gen(function*() {
  const tables = yield* MemoryTables
  const idsOf = idsFor(yield* SecureRandom.SecureRandom)
  return Journal.of({
    commit: (turn) =>
      Effect.flatMap(idsOf(turn), (ids) => Effect.suspend(() => commitTurn(tables, turn, ids))),
    outcomeOf: outcomeOf(tables)
  })
}))

/** The same under the real group commit. */
export const layerInGroups = Layer.effect(Journal)(Effect.gen(function*() {
  const tables = yield* MemoryTables
  const random = yield* SecureRandom.SecureRandom
  // Not at once: turns that are handed in meanwhile make the next group.
  const reach = <A, E>(step: Effect.Effect<A, E>) => Effect.andThen(Effect.yieldNow, step)
  const commit = yield* makeGroupCommit(groupWriter({ tables, random, reach }), defaultLimits)
  return Journal.of({ commit, outcomeOf: outcomeOf(tables) })
}))
