// No sequence of commands, at whatever times, breaks a session. fast-check prints the seed and the
// shortest sequence that fails; run it again with `fc.assert(.., { seed, path })`.
import { assert, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as fc from "fast-check"
import { chargedMs } from "../../../src/domain/ledger.ts"
import { allDeclined } from "../../../src/domain/pairing.ts"
import { decide } from "../../../src/domain/session/decide.ts"
import type { SessionEvent } from "../../../src/domain/session/events.ts"
import {
  isTerminal,
  openStatuses,
  type SessionState,
  sessionStatuses
} from "../../../src/domain/session/state.ts"
import { candidates, T0 } from "./given.ts"
import { checkState, checkStory, checkTurn } from "./invariants.ts"
import {
  anySetup,
  anySteps,
  MITRAS,
  type Setup,
  type Step,
  tickUntil,
  type Turn,
  turn,
  walk
} from "./walk.ts"

const FOREVER = Number.MAX_SAFE_INTEGER

/** What a turn knew of the mitras its command named, for the same command told again. */
const aboutMitras = ({ mitra_absence, pair_is_blocked, reroute_to }: Turn["facts"]) => ({
  mitra_absence,
  pair_is_blocked,
  reroute_to
})

const holds = (check: (turns: ReadonlyArray<Turn>, setup: Setup) => void, seed?: number): void => {
  const property = fc.property(anySetup, anySteps, (setup, steps) => check(walk(setup, steps), setup))
  fc.assert(property, { numRuns: 1000, ...(seed === undefined ? {} : { seed }) })
}

const eventsOf = (turns: ReadonlyArray<Turn>): ReadonlyArray<SessionEvent> =>
  turns.flatMap((done) => done.decision.events)
/** What a decision says, without the stack that every refusal carries. */
const said = ({ events, reply }: Turn["decision"]): unknown => ({
  events,
  reply: Result.isFailure(reply)
    ? { code: reply.failure.code, message: reply.failure.message, details: reply.failure.details }
    : reply.success
})

it("Every state, every step and the whole story keep the invariants", () => {
  holds((turns, { settings }) => {
    for (const done of turns) {
      checkState(done.after, settings.pairing_offers_max)
      checkTurn(done)
    }
    checkStory(turns)
  })
})

it("The same command on the same state gives the same decision", () => {
  holds((turns) => {
    for (const { before, command, decision, facts } of turns) {
      const again = decide(structuredClone(before), structuredClone(command), structuredClone(facts))
      assert.deepStrictEqual(said(again), said(decision))
    }
  })
})

it("A refused command leaves only what the clock alone would have done", () => {
  holds((turns) => {
    for (const { before, decision, facts } of turns) {
      if (Result.isSuccess(decision.reply)) continue
      assert.deepStrictEqual(decision.events, decide(before, { _tag: "Tick" }, facts).events)
    }
  })
})

it("Repeating a command at once changes nothing more, but for a message, which the database dedupes", () => {
  holds((turns, { settings }) => {
    for (const { after, command, facts } of turns) {
      if (command._tag === "SendMessage") continue
      assert.deepStrictEqual(
        turn(after, command, facts.now, settings, null, 0, aboutMitras(facts)).decision.events,
        []
      )
    }
  })
})

it("Wherever a walk stops, ticks at the deadlines end the session, each moving it forward", () => {
  holds((turns, { settings }) => {
    const last = turns.at(-1)
    if (last === undefined) return
    for (const seen of [[], candidates(MITRAS)]) {
      const ticks = tickUntil(last.after, last.facts.now, FOREVER, settings, seen)
      ticks.forEach(checkTurn)
      checkStory([...turns, ...ticks])
      const over = ticks.at(-1)?.after ?? last.after
      checkState(over, settings.pairing_offers_max)
      assert.isTrue(isTerminal(over.status))
      if (over.status === "completed") assert.strictEqual(chargedMs(over.ledger), over.ledger.purchased_ms)
    }
  })
})

it("One late tick on a running or closing chat equals punctual ticks at every deadline", () => {
  holds((turns, { settings }) => {
    for (const { after, facts } of turns) {
      if (!["active", "extending", "closing"].includes(after.status)) continue
      for (const later of [facts.now + 100_000, facts.now + 10_000_000]) {
        const late = turn(after, { _tag: "Tick" }, later, settings, null)
        const punctual = tickUntil(after, facts.now, later, settings)
        assert.deepStrictEqual(late.decision.events, eventsOf(punctual))
        assert.deepStrictEqual(late.after, punctual.at(-1)?.after ?? after)
      }
    }
  })
})

it("One late tick on an unanswered search ends it as punctual ticks that find nobody new would", () => {
  holds((turns, { settings }) => {
    for (const { after, facts } of turns) {
      // A request that all declined ends at the next look; only then does the hour matter.
      if (!openStatuses.includes(after.status) || allDeclined(after)) continue
      // Without the line, a request without any mitra to ask ends at the next look, too.
      if (!settings.pairing_queue_enabled && after.offers.length === 0) continue
      const late = turn(after, { _tag: "Tick" }, facts.now + 10_000_000, settings, null)
      const punctual = tickUntil(after, facts.now, FOREVER, settings)
      assert.deepStrictEqual(late.after, punctual.at(-1)?.after)
    }
  })
})

it("Ticking at every deadline between the commands of a chat changes neither its story nor its end", () => {
  holds((turns, { settings }) => {
    const begin = turns.findIndex((done) => done.before.status === "active")
    const first = turns[begin]
    if (first === undefined) return
    const rest = turns.slice(begin)
    const story: Array<SessionEvent> = []
    let state: SessionState = first.before
    let now = T0
    for (const { command, facts } of rest) {
      const ticks = tickUntil(state, now, facts.now, settings)
      const before = ticks.at(-1)?.after ?? state
      const done = turn(before, command, facts.now, settings, null, 0, aboutMitras(facts))
      story.push(...eventsOf(ticks), ...done.decision.events)
      state = done.after
      now = facts.now
    }
    assert.deepStrictEqual(story, eventsOf(rest))
    assert.deepStrictEqual(state, rest.at(-1)?.after)
  })
})

/** Every event, cause, reason and refusal a walk can meet. */
const outcomes = `
  OffersSent SearchedInVain OfferDeclined OfferWithdrawn OffersLapsed Paired
  RequestCancelled RequestExpired
  ExtensionRequested SessionResumed extension_rejected extension_timeout EXTENSION_PENDING EXTENSION_RESOLVED
  MessageSent ReceiptMoved WarningGiven TopicChanged ClosingStarted GoodbyeLeft SessionCompleted
  no_mitra_available all_declined window_over returning_chat_timeout time_up ended_by_customer
  ended_by_mitra force_closed goodbye grace_over OFFER_NOT_FOUND OFFER_TAKEN OFFER_CANCELLED
  OFFER_EXPIRED OFFER_CLOSED NOT_A_PARTICIPANT SESSION_NOT_ACTIVE SESSION_CLOSING SESSION_OVER
  REQUEST_NOT_OPEN END_NOT_ALLOWED TOPIC_NOT_ALLOWED MESSAGE_EMPTY MESSAGE_TOO_LONG
  Rerouted MitraWentAway MitraCameBack SESSION_REROUTED STALE_WRITE SAME_MITRA MITRA_NOT_FOUND
  ACCOUNT_INACTIVE MITRA_NOT_ONLINE MITRA_DRAINING mitra_gone SESSION_PAUSED
`.trim().split(/\s+/)

it("The walks reach every status, every event and every way a session can end", () => {
  const reached = new Set<string>()
  holds((turns) => {
    for (const { after, decision } of turns) {
      reached.add(after.status)
      for (const event of decision.events) {
        reached.add(event._tag)
        if (event._tag === "RequestExpired") reached.add(event.cause)
        if (event._tag === "ClosingStarted" || event._tag === "SessionCompleted") reached.add(event.reason)
      }
      if (Result.isFailure(decision.reply)) reached.add(decision.reply.failure.code)
    }
  }, 20_261_120)
  const expected = [...sessionStatuses, ...outcomes]
  assert.deepStrictEqual(expected.filter((name) => !reached.has(name)), [])
})

/** The same steps, but each one's clock is up to ten seconds off: turns taken by different servers. */
const onDifferentServers = (
  setup: Setup,
  steps: ReadonlyArray<Step>,
  skews: ReadonlyArray<number>
): SessionState => {
  const turns = walk(setup, steps)
  const first = turns[0]
  if (first === undefined) throw new Error("a walk needs a step")
  return turns.reduce((state, { command, facts }, index) => {
    const now = facts.now + (skews[index % skews.length] ?? 0)
    const done = turn(state, command, now, setup.settings, facts.candidates, 0, aboutMitras(facts))
    checkState(done.after, setup.settings.pairing_offers_max)
    checkTurn(done)
    return done.after
  }, first.before)
}

it("Servers whose clocks differ keep every invariant but the order of times", () => {
  const skews = fc.array(fc.integer({ min: -10_000, max: 10_000 }), { minLength: 1, maxLength: 10 })
  fc.assert(
    fc.property(anySetup, anySteps.filter((steps) => steps.length > 0), skews, (setup, steps, clockSkews) => {
      const state = onDifferentServers(setup, steps, clockSkews)
      const over = tickUntil(state, T0, FOREVER, setup.settings).at(-1)?.after ?? state
      assert.isTrue(isTerminal(over.status))
    }),
    { numRuns: 1000 }
  )
})
