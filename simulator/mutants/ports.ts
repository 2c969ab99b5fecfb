// Guards in the server's ports, broken one at a time: order of commit and reply, what is read back, what is
// published, which sweeps run.
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import { deliver, asSubscription } from "../../src/layers/bus/subscriptions.ts"
import { sessionRowOf } from "../../src/layers/sessions/chat-sessions.table.ts"
import type { Tables } from "../../testkit/memory/store/tables.ts"
import { Bus, type BusMessage } from "../../src/services/bus/bus.ts"
import { Journal, type Verdict } from "../../src/services/journal/journal.ts"
import type { Payments } from "../../src/services/payments/payments.ts"
import type { Opened, Sessions } from "../../src/services/sessions/sessions.ts"
import type { Mutation } from "../server/mutation.ts"

type Broken = Omit<Mutation, "name">
type OpenSession = Sessions["Service"]["open"]
type Confirm = Payments["Service"]["confirm"]

const written: Verdict = { _tag: "Committed" }

/** The rows of the open request, past the index that would refuse them. */
const openAnyway = (open: OpenSession, tables: Tables): OpenSession => (state, deadline_at) =>
  Effect.map(open(state, deadline_at), (opened): Opened => {
    if (opened._tag !== "AlreadyActive") return opened
    const row = sessionRowOf(state, deadline_at)
    tables.chat_sessions.set(state.id, { ...row, owner_epoch: 0, owner_runner: null })
    return { _tag: "Opened", session_id: state.id }
  })

const confirmAgain = (confirm: Confirm, tables: Tables): Confirm => (options) =>
  Effect.map(confirm(options), (confirmation) => {
    const row = tables.payment_requests.get(options.payment_id)
    if (confirmation._tag !== "AlreadyConfirmed" || row === undefined) return confirmation
    const payment = { ...row, status: "confirmed", confirmed_at: options.now } as const
    tables.payment_requests.set(row.id, payment)
    return { _tag: "Confirmed", payment }
  })

/** Subscribers of a bus that hear everything but what `isHeard` holds back. */
const receivingOnly = (bus: Bus["Service"], isHeard: (message: BusMessage) => boolean): Bus["Service"] => ({
  ...bus,
  subscribe: (topics, only) =>
    Effect.gen(function*() {
      const all = yield* bus.subscribe(topics, only)
      const some = asSubscription(yield* Queue.unbounded<BusMessage>())
      const next = Effect.flatMap(Queue.take(all), (message) =>
        Effect.sync(() => isHeard(message) && deliver(some, message)))
      yield* Effect.forkScoped(Effect.forever(next))
      return some
    })
})

const publishingOnly = (
  bus: Bus["Service"],
  change: (messages: ReadonlyArray<BusMessage>) => ReadonlyArray<BusMessage>
): Bus["Service"] => ({ ...bus, publish: (messages) => bus.publish(change(messages)) })

/** The mitras who lost are sent what the winner is sent. */
const sentToLosers = (messages: ReadonlyArray<BusMessage>): ReadonlyArray<BusMessage> => {
  const paired = messages.find(({ event }) => event._tag === "SessionEvent" && event.event?._tag === "Paired")
  if (paired === undefined) return messages
  const losers = messages.filter(({ event }) => event._tag === "OfferChanged" && event.ending === "taken")
  return [...messages, ...losers.map(({ topic }) => ({ topic, event: paired.event }))]
}

/** The former mitras of a chat are sent what its present mitra is sent. */
const sentToFormer = (tables: Tables) => (messages: ReadonlyArray<BusMessage>): ReadonlyArray<BusMessage> => {
  const former = messages.flatMap(({ event, topic }) => {
    if (event._tag !== "SessionEvent" || !topic.startsWith("mitra:")) return []
    const { session_id } = event
    return [...tables.mitra_assignments.values()].flatMap((assignment): ReadonlyArray<BusMessage> =>
      assignment.session_id === session_id && assignment.ended_at !== null
        ? [{ topic: `mitra:${assignment.mitra_id}`, event }]
        : []
    )
  })
  return [...messages, ...former]
}

const isRestated = (messages: ReadonlyArray<BusMessage>): boolean =>
  messages.some(({ event }) => event._tag === "SessionPosition")

const amountAsked = (confirm: Confirm, tables: Tables): Confirm => (options) => {
  const asked = tables.payment_requests.get(options.payment_id)?.amount_idr
  return confirm({ ...options, amount_idr: asked ?? options.amount_idr })
}

export const ports = {
  "early-replies": {
    says: "the answer does not wait for the commit",
    journal: (journal: Journal["Service"]) => ({
      ...journal,
      commit: (turn) => Effect.as(Effect.forkDetach(journal.commit(turn)), written)
    })
  },
  "hopeful-memory": {
    says: "a commit without an answer counts as written",
    journal: (journal) => ({
      ...journal,
      commit: (turn) => Effect.catch(journal.commit(turn), () => Effect.succeed(written))
    })
  },
  "two-at-once": {
    says: "a customer may have two requests at once",
    sessions: (sessions, tables) => ({ ...sessions, open: openAnyway(sessions.open, tables) })
  },
  "resume-off-by-one": {
    says: "a phone that resumes misses the first thing it missed",
    sessionViews: (views) => ({
      ...views,
      eventsAfter: (id, seq, limit) => views.eventsAfter(id, seq > 0 ? seq + 1 : seq, limit)
    })
  },
  "resume-from-before": {
    says: "a phone that resumes hears once more what it heard last",
    sessionViews: (views) => ({
      ...views,
      eventsAfter: (id, seq, limit) => views.eventsAfter(id, Math.max(0, seq - 1), limit)
    })
  },
  "dead-deadlines": {
    says: "no sweep wakes a session whose deadline has come",
    sessionOversight: (oversight) => ({ ...oversight, due: () => Effect.succeed([]) })
  },
  "kept-offers": {
    says: "a deactivated mitra keeps her open offers",
    sessions: (sessions) => ({ ...sessions, pendingOfferSessionsOf: () => Effect.succeed([]) })
  },
  "forgetful-webhook": {
    says: "a webhook that comes again confirms again",
    payments: (payments, tables) => ({ ...payments, confirm: confirmAgain(payments.confirm, tables) })
  },
  "blind-payments": {
    says: "a payment counts as paid, whatever the amount",
    payments: (payments, tables) => ({ ...payments, confirm: amountAsked(payments.confirm, tables) })
  },
  "dead-payments": {
    says: "no sweep finishes payments that a crash, or their customer, left behind",
    payments: (payments) => ({
      ...payments,
      expireStale: () => Effect.succeed([]),
      confirmedWithoutSession: () => Effect.succeed([])
    })
  },
  "deaf-to-resync": {
    says: "after an interruption of the bus no subscriber catches up",
    bus: (bus) => receivingOnly(bus, ({ event }) => event._tag !== "Resync")
  },
  "silent-revocations": {
    says: "sockets are not told that their sign-in is over",
    bus: (bus) => receivingOnly(bus, ({ event }) => event._tag !== "Revoked")
  },
  "untold-endings": {
    says: "mitras are not told that an offer is over",
    bus: (bus) =>
      publishingOnly(
        bus,
        (messages) => messages.filter(({ event }) => event._tag !== "OfferChanged" || event.ending === null)
      )
  },
  "silent-loads": {
    says: "a runner that loads a session does not publish its position",
    bus: (bus) => publishingOnly(bus, (messages) => isRestated(messages) ? [] : messages)
  },
  "told-to-former": {
    says: "a mitra who handed a chat over goes on hearing it",
    bus: (bus, tables) => publishingOnly(bus, sentToFormer(tables))
  },
  "open-doors": {
    says: "a sign-in that is over is still accepted",
    signIns: (signIns) => ({ ...signIns, isLive: () => Effect.succeed(true) })
  },
  "everybody-wins": {
    says: "a mitra who was too late is told that she is paired",
    bus: (bus) => publishingOnly(bus, sentToLosers)
  },
  "guessing-sweep": {
    says: "when pings cannot be read, every mitra counts as silent, without a second check",
    availability: (availability, tables) => ({
      ...availability,
      stale: (before, limit, background) =>
        Effect.catch(
          availability.stale(before, limit, background),
          () => Effect.sync(() => [...tables.mitra_status.keys()].slice(0, limit))
        ),
      lastHeartbeat: () => Effect.succeed(null)
    })
  },
  "asked-though-out": {
    says: "deactivated mitras are still asked",
    availability: (availability, tables) => ({
      ...availability,
      candidates: (options) =>
        Effect.map(availability.candidates(options), (found) => {
          const out = [...tables.mitras.values()].filter(({ id, is_active }) =>
            !is_active && !options.exclude.includes(id)
          )
          return [
            ...found,
            ...out.map(({ display_name, id, languages, topics }) => ({
              mitra_id: id,
              mitra_name: display_name,
              sessions: 0,
              languages,
              topics
            }))
          ]
        })
    })
  },
  "everybody-reachable": {
    says: "an extension counts as approved although the mitra is away",
    presence: (presence) => ({ ...presence, isConnected: () => Effect.succeed(true) })
  }
} satisfies Record<string, Broken>
