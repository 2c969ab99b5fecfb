// Guards of the database that a turn meets when it is written, broken one at a time.
import { commitTurn } from "../../testkit/memory/journal.memory.ts"
import { messagesOf } from "../../src/domain/verdict.ts"
import type { Tables } from "../../testkit/memory/store/tables.ts"
import type { SessionWrite, TurnWrite } from "../../src/services/journal/journal.ts"
import type { Mutation } from "../server/mutation.ts"

type Broken = Omit<Mutation, "name">
type Ledger = SessionWrite["state"]["ledger"]

/** The database gets another turn than the runner sent. */
const rewriting = (says: string, rewrite: (turn: TurnWrite, tables: Tables) => TurnWrite): Broken => ({
  says,
  commit: (commit) => (tables, turn, ids) => commit(tables, rewrite(turn, tables), ids)
})

const rewritingSession = (says: string, rewrite: (session: SessionWrite) => SessionWrite): Broken =>
  rewriting(says, (turn) => turn.session === null ? turn : { ...turn, session: rewrite(turn.session) })

const epochNow = ({ id, kind }: TurnWrite["actor"], tables: Tables): number | undefined =>
  (kind === "session" ? tables.chat_sessions.get(id) : tables.mitra_status.get(id))?.owner_epoch

/** The rows of these messages are out of sight while the turn is judged. */
const withoutKnownMessages = (tables: Tables, turn: TurnWrite, run: () => ReturnType<typeof commitTurn>) => {
  const sent = messagesOf(turn).map(({ event }) => event)
  const known = [...tables.messages].filter(([, row]) =>
    row.session_id === turn.actor.id &&
    sent.some((event) =>
      event.sender_id === row.sender_id && event.client_message_id === row.client_message_id
    )
  )
  for (const [key] of known) tables.messages.delete(key)
  const verdict = run()
  for (const [key, row] of known) tables.messages.set(key, row)
  return verdict
}

const pausesCharged = (ledger: Ledger): Ledger => ({
  ...ledger,
  entries: ledger.entries.map((entry) =>
    entry.state === "paused" ? { ...entry, state: "served", charged_ms: entry.to - entry.from } : entry
  ),
  open: ledger.open === null ? null : { ...ledger.open, state: "served" }
})

export const commits = {
  fence: rewriting("a runner that lost an actor still writes for it", (turn, tables) => ({
    ...turn,
    actor: { ...turn.actor, epoch: epochNow(turn.actor, tables) ?? turn.actor.epoch }
  })),
  "endless-slots": rewritingSession("a mitra's slots never run out", (session) => ({
    ...session,
    slot: session.slot?._tag === "Claim" ? { ...session.slot, max_slots: 1_000 } : session.slot
  })),
  "kept-slots": rewritingSession("the end of a chat gives no slot back", (session) => ({
    ...session,
    slot: session.slot?._tag === "Release" ? null : session.slot
  })),
  "doubled-messages": {
    says: "a message sent again is written again",
    commit: (commit) => (tables, turn, ids) =>
      withoutKnownMessages(tables, turn, () => commit(tables, turn, ids))
  },
  "forgotten-commands": rewriting(
    "replies of commands are not kept",
    (turn) => ({ ...turn, command: null })
  ),
  "open-losers": rewritingSession("offers that another took stay open", (session) => ({
    ...session,
    offers: session.offers.filter(({ status }) => status !== "missed")
  })),
  "charged-pauses": rewritingSession("the clock runs on while an extension waits", (session) => ({
    ...session,
    state: { ...session.state, ledger: pausesCharged(session.state.ledger) }
  })),
  "free-extensions": rewritingSession("an approved extension is not charged", (session) => ({
    ...session,
    payments: session.payments.filter((move) => move._tag !== "Consume" || move.product !== "extension")
  })),
  "kept-places": rewritingSession("a chat that changes hands keeps its old slot", (session) => ({
    ...session,
    slot: session.slot?._tag === "Move" ? null : session.slot
  })),
  "open-assignments": rewritingSession(
    "the assignment of a mitra who hands a chat over is not closed",
    (session) => ({
      ...session,
      assignments: session.assignments.filter(({ ended_at }) => ended_at === null)
    })
  ),
  "kept-pushes": rewritingSession("the end of an offer leaves its push in the outbox", (session) => ({
    ...session,
    cancels_offer_push_of: []
  })),
  "long-lived-pushes": rewritingSession("the push of an offer lives longer than the offer", (session) => ({
    ...session,
    push: session.push.map((push) => ({ ...push, expires_at: push.expires_at + 600_000 }))
  }))
} satisfies Record<string, Broken>
