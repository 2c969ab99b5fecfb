// Random walks through a session's life: who does what, how long after the last step, and which
// mitras can be seen at that moment. Steps name roles; they become commands on the state they meet.
import * as fc from "fast-check"
import type { Candidate } from "../../../src/domain/pairing.ts"
import type { SessionCommand } from "../../../src/domain/session/commands.ts"
import { deadlineOf } from "../../../src/domain/session/deadline.ts"
import { decide } from "../../../src/domain/session/decide.ts"
import { looksForMitras, type SessionFacts, wantsReachability } from "../../../src/domain/session/due.ts"
import { evolveAll } from "../../../src/domain/session/evolve.ts"
import { type NewRequest, openRequest } from "../../../src/domain/session/open.ts"
import { isTerminal, type Participant, type SessionState } from "../../../src/domain/session/state.ts"
import { defaultSettings, type Settings } from "../../../src/domain/settings.ts"
import { deepFreeze } from "../deep-freeze.ts"
import { weights } from "./command-weights.ts"
import { blast, candidate, customer, mitra, otherCustomer, T0 } from "./given.ts"

export const MITRAS = 5
/** Whether the mitra can be reached must not depend on when the machine looks: it hangs on the extension. */
const UNREACHABLE_MS = 60_000

/** Who acts: a number is that mitra, "winner" and "asked" depend on the session. */
export type Who = "customer" | "stranger" | "winner" | "asked" | number
type Tag = SessionCommand["_tag"]

export interface Step {
  readonly tag: Tag
  readonly who: Who
  /** Milliseconds after the last step, or so many around the session's own deadline. */
  readonly wait: { readonly ms: number; readonly from: "last_step" | "deadline" }
  readonly candidates: ReadonlyArray<number> | null
  readonly ahead: number
  readonly seq: number
  readonly sensitive: boolean
  readonly body: string
}

export interface Setup {
  /** Where the walk sets out: many would never get as far as a chat if all began with the request. */
  readonly from: "request" | "offered" | "paired" | "extending"
  readonly request: NewRequest
  readonly settings: Settings
}

export interface Turn {
  readonly before: SessionState
  readonly command: SessionCommand
  readonly facts: SessionFacts
  readonly decision: ReturnType<typeof decide>
  readonly after: SessionState
}

const whole = (min: number, max: number): fc.Arbitrary<number> => fc.integer({ min, max })

export const anySetup: fc.Arbitrary<Setup> = fc.record({
  from: fc.constantFrom("request", "offered", "paired", "paired", "extending"),
  request: fc.record({
    targeted: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, {
      weight: 1,
      arbitrary: fc.constant(true)
    }),
    purchased_ms: fc.constantFrom(1, 12_000, 60_000, 180_000, 180_001, 300_000, 720_000)
  }).map(({ purchased_ms, targeted }): NewRequest => ({
    ...blast,
    purchased_ms,
    kind: targeted ? "targeted" : "blast",
    target_mitra_id: targeted ? mitra(1).id : null
  })),
  settings: fc.record({
    pairing_wave_size: fc.constantFrom(0, 1, 2, 3),
    pairing_wave_seconds: fc.constantFrom(1, 15, 60, 300),
    pairing_acceptance_seconds: fc.constantFrom(0, 0, 1, 10),
    pairing_offers_max: fc.constantFrom(1, 3, 200),
    pairing_blast_timeout_seconds: fc.constantFrom(1, 20, 60, 60),
    pairing_search_again_seconds: fc.constantFrom(1, 3, 60),
    returning_chat_confirmation_timeout_seconds: fc.constantFrom(1, 20),
    pairing_queue_enabled: fc.boolean(),
    max_customers_per_mitra: fc.constantFrom(1, 3),
    extension_timeout_seconds: fc.constantFrom(1, 10, 60),
    extension_default_action_on_timeout: fc.constantFrom("auto_approve", "auto_approve", "auto_reject"),
    mitra_gone_pause_seconds: fc.constantFrom(0, 1, 600),
    closing_grace_seconds: fc.constantFrom(1, 300),
    mitra_may_end_session: fc.boolean(),
    topic_sensitive_is_final: fc.boolean()
  }).map((chosen): Settings => ({ ...defaultSettings, ...chosen }))
})

const anyTag: fc.Arbitrary<Tag> = fc.oneof(
  ...(Object.keys(weights) as ReadonlyArray<Tag>).map((tag) => ({
    weight: 2 * weights[tag],
    arbitrary: fc.constant(tag)
  }))
)

const anyWho: fc.Arbitrary<Who> = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom<Who>("customer", "winner", "asked") },
  { weight: 2, arbitrary: whole(1, MITRAS + 1) },
  { weight: 1, arbitrary: fc.constant<Who>("stranger") }
)

const after = (from: Step["wait"]["from"], ...ms: ReadonlyArray<number>): fc.Arbitrary<Step["wait"]> =>
  fc.record({ from: fc.constant(from), ms: fc.constantFrom(...ms) })
/** Mostly short, or a walk would be over before the first message. */
const anyWait: fc.Arbitrary<Step["wait"]> = fc.oneof(
  { weight: 30, arbitrary: after("last_step", 0, 0, 1, 500) },
  { weight: 8, arbitrary: after("last_step", 3000, 15_000, 60_000) },
  { weight: 8, arbitrary: after("deadline", -1, 0, 1) },
  { weight: 1, arbitrary: after("deadline", 700_000) }
)

export const anyStep: fc.Arbitrary<Step> = fc.record({
  tag: anyTag,
  who: anyWho,
  wait: anyWait,
  candidates: fc.option(fc.uniqueArray(whole(1, MITRAS), { maxLength: MITRAS }), { freq: 5 }),
  ahead: fc.constantFrom(0, 0, 1, 4),
  seq: fc.oneof(whole(-2, 12), fc.constant(Number.MAX_SAFE_INTEGER)),
  sensitive: fc.boolean(),
  body: fc.constantFrom("hi", "hello", "😀", "", "   ", "\u0000", "x".repeat(4001))
})

export const anySteps: fc.Arbitrary<Array<Step>> = fc.array(anyStep, { maxLength: 30, size: "max" })

const personOf = (who: Who, state: SessionState): Participant => {
  switch (who) {
    case "customer":
      return customer
    case "stranger":
      return otherCustomer
    case "winner":
      return state.mitra_id === null ? mitra(1) : { side: "mitra", id: state.mitra_id }
    case "asked": {
      const offer = state.offers.find((each) => each.status === "pending") ?? state.offers[0]
      return offer === undefined ? mitra(1) : { side: "mitra", id: offer.mitra_id }
    }
    default:
      return mitra(who)
  }
}

const commandOf = (step: Step, state: SessionState, index: number): SessionCommand => {
  const by = personOf(step.who, state)
  switch (step.tag) {
    case "Tick":
    case "Requeue":
      return { _tag: step.tag }
    case "RequestExtension":
      return {
        _tag: "RequestExtension",
        payment_id: `x-${index}`,
        amount_idr: 1000,
        purchased_ms: step.sensitive ? UNREACHABLE_MS : 30_000
      }
    case "AnswerExtension": {
      const extension_seq = step.seq < 0 ? 0 : state.extension?.seq ?? step.seq
      return { _tag: "AnswerExtension", by, extension_seq, approve: step.sensitive }
    }
    case "CheckMitra":
      return { _tag: "CheckMitra" }
    case "Reroute": {
      const from_mitra_id = step.seq < 0 ? mitra(MITRAS + 1).id : state.mitra_id ?? mitra(1).id
      return { _tag: "Reroute", staff_id: "staff-1", from_mitra_id, mitra_id: by.id, reason: "ill" }
    }
    case "WithdrawOffer":
      return { _tag: "WithdrawOffer", mitra_id: by.id }
    case "SendMessage":
      return {
        _tag: "SendMessage",
        by,
        message_id: `m-${index}`,
        client_message_id: `c-${index}`,
        body: step.body
      }
    case "MarkDelivered":
    case "MarkRead":
      return { _tag: step.tag, by, seq: step.seq }
    case "SetTopic":
      return { _tag: "SetTopic", by, topic: step.sensitive ? "sensitive" : "regular" }
    case "Goodbye":
      return { _tag: "Goodbye", by, text: step.body }
    case "ForceClose":
      return { _tag: "ForceClose", staff_id: "staff-1", reason: "abuse" }
    default:
      return { _tag: step.tag, by }
  }
}

const instantOf = (step: Step, state: SessionState, last: number): number => {
  const from = step.wait.from === "deadline" ? deadlineOf(state) ?? last : last
  return Math.max(last, from + step.wait.ms)
}

type About = Partial<Pick<SessionFacts, "reroute_to" | "mitra_absence" | "pair_is_blocked">>

const nobody = { others_are_free: false, reroute_to: null, mitra_absence: null, pair_is_blocked: false }
/** What a step finds out about the mitras it names. */
const aboutMitras = (step: Step, now: number): About => ({
  reroute_to: step.candidates === null
    ? null
    : {
      mitra_name: "another",
      is_active: step.ahead < 4,
      is_draining: step.ahead === 1 && step.sensitive,
      is_online: !step.sensitive || step.ahead > 0,
      is_blocked: step.ahead === 3
    },
  mitra_absence: step.sensitive
    ? { cause: step.ahead === 0 ? "mitra_offline" : "mitra_deactivated", since: now - step.ahead * 20_000 }
    : null
})

/** One turn, with every input frozen to its leaves. Candidates come only when they are wanted. */
export const turn = (
  before: SessionState,
  command: SessionCommand,
  now: number,
  settings: Settings,
  seen: ReadonlyArray<Candidate> | null,
  ahead = 0,
  about: About = {}
): Turn => {
  const candidates = looksForMitras(before, command, now) ? seen : null
  const waiting_ahead = candidates === null ? 0 : ahead
  const mitra_is_reachable = wantsReachability(before, now)
    ? before.extension?.purchased_ms !== UNREACHABLE_MS
    : null
  const facts = deepFreeze({
    now,
    settings,
    candidates,
    waiting_ahead,
    mitra_is_reachable,
    ...nobody,
    ...about
  })
  const decision = decide(deepFreeze(before), deepFreeze(command), facts)
  return { before, command, facts, decision, after: evolveAll(before, deepFreeze(decision.events)) }
}

const seenBy = (step: Step): ReadonlyArray<Candidate> | null =>
  step.candidates?.map((n) => candidate(n, n)) ?? null

const everybody = Array.from({ length: MITRAS }, (_, index) => candidate(index + 1))
const openings: { readonly [From in Setup["from"]]: ReadonlyArray<SessionCommand> } = {
  request: [],
  offered: [{ _tag: "Tick" }],
  paired: [{ _tag: "Tick" }, { _tag: "Accept", by: mitra(1) }],
  extending: [
    { _tag: "Tick" },
    { _tag: "Accept", by: mitra(1) },
    { _tag: "RequestExtension", payment_id: "x", amount_idr: 1000, purchased_ms: 300_000 }
  ]
}
/** Steps taken after the end, to see that nothing happens any more. */
const STEPS_BEYOND = 3

export const walk = (setup: Setup, steps: ReadonlyArray<Step>): ReadonlyArray<Turn> => {
  const turns: Array<Turn> = []
  let state = openRequest(setup.request, setup.settings, T0)
  let now = T0
  let beyond = 0
  const take = (
    command: SessionCommand,
    seen: ReadonlyArray<Candidate> | null,
    ahead = 0,
    about: About = {}
  ): void => {
    const done = turn(state, command, now, setup.settings, seen, ahead, about)
    turns.push(done)
    state = done.after
  }
  for (const command of openings[setup.from]) take(command, everybody)
  for (const [index, step] of steps.entries()) {
    if (isTerminal(state.status) && ++beyond > STEPS_BEYOND) break
    now = instantOf(step, state, now)
    take(commandOf(step, state, index), seenBy(step), step.ahead, aboutMitras(step, now))
  }
  return turns
}

/** Ticks at each deadline until `until`, or until it is over. Throws when a tick makes no progress. */
export const tickUntil = (
  from: SessionState,
  start: number,
  until: number,
  settings: Settings,
  seen: ReadonlyArray<Candidate> = []
): ReadonlyArray<Turn> => {
  const turns: Array<Turn> = []
  let state = from
  let now = start
  for (let due = deadlineOf(state); due !== null && due <= until; due = deadlineOf(state)) {
    now = Math.max(now, due)
    const done = turn(state, { _tag: "Tick" }, now, settings, seen)
    const next = deadlineOf(done.after)
    if (next !== null && next <= now) throw new Error(`a tick at ${now} left the deadline at ${next}`)
    turns.push(done)
    state = done.after
  }
  return turns
}
