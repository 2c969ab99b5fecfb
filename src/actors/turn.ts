// The one turn loop: load -> decide -> commit -> evolve -> reply -> publish -> arm. Memory is never
// newer than Postgres and a reply never precedes its commit. One turn at a time per actor; a turn
// that started is not interrupted half-way.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import type { Refusal } from "../domain/refusal.ts"
import { Bus, type BusMessage } from "../services/bus/bus.ts"
import { Journal, type IdempotencyRecord, type Verdict } from "../services/journal/journal.ts"
import type { Unavailable } from "../services/platform/unavailable.ts"
import { spanned, traceparentOf } from "../services/operations/spans.ts"
import * as RealTime from "../services/platform/real-time.ts"
import { makeDeadlineTimer } from "./deadline-timer.ts"
import { makeIdempotency } from "./idempotency.ts"
import type { Machine, Turn } from "./machine.ts"
import { makeMailbox } from "./mailbox.ts"
import { asSystem, type Call } from "./turn-call.ts"
import { makeTurnFailpoints } from "./turn-failpoints.ts"
import { makeTurnSupervision } from "./turn-supervision.ts"
import { makeTurnTracking } from "./turn-tracking.ts"

const afterCommitTimeout = "5 seconds"

export interface Turns<Command, Reply> {
  readonly run: (call: Call<Command>) => Effect.Effect<Reply, Refusal | Unavailable>
}

/** Builds the loop for one activated actor; its timer and after-commit work live in the scope. */
export const makeTurns = Effect.fnUntraced(function*<
  State,
  Command extends { readonly _tag: string },
  Facts,
  Event extends { readonly _tag: string },
  Outcome,
  Reply
>(
  machine: Machine<State, Command, Facts, Event, Outcome, Reply>
): Effect.fn.Return<Turns<Command, Reply>, never, Journal | Bus | Scope.Scope> {
  type ThisTurn = Turn<State, Command, Facts, Event>
  const { id, kind, tick } = machine
  const journal = yield* Journal
  const bus = yield* Bus
  const scope = yield* Effect.scope
  const inMailbox = makeMailbox(yield* Semaphore.make(1))
  const failpoints = yield* makeTurnFailpoints
  const tracking = yield* makeTurnTracking(machine)
  const repeats = yield* makeIdempotency(machine)

  let loaded: { readonly epoch: number; readonly state: State } | null = null
  const forget = () => {
    loaded = null
    timer.forget()
  }
  const supervision = makeTurnSupervision({ kind, id, forget })

  const inBackground = (name: string, work: Effect.Effect<void>) =>
    work.pipe(
      RealTime.timeout(afterCommitTimeout),
      Effect.catchCause((cause) => Effect.logWarning(`${name} failed`, cause)),
      Effect.annotateLogs({ actor: kind, actor_id: id }),
      tracking.background,
      Effect.forkIn(scope),
      Effect.asVoid
    )

  const load = Effect.gen(function*() {
    const claimed = yield* machine.claim
    if (claimed === null) return yield* Effect.fail(machine.notFound)
    loaded = claimed
    yield* inBackground("afterLoad", machine.afterLoad(claimed.state))
    return claimed
  })

  const commit = Effect.fnUntraced(
    function*(turn: ThisTurn, command: IdempotencyRecord | null, epoch: number) {
      const rows = yield* machine.write(turn)
      const write = journal.commit({ actor: { kind, id, epoch }, at: turn.at, command, ...rows })
      return yield* failpoints.aroundCommit(turn.events, spanned("commit", { kind, id })(write)).pipe(
        // Whether it was written is unknown: forget, so that the next turn reads the truth.
        Effect.onError(() => Effect.sync(() => (loaded = null)))
      )
    }
  )

  // Whoever delivers it, here or on another runner, goes on with this turn's trace.
  const announce = (messages: ReadonlyArray<BusMessage>) =>
    spanned("publish", { kind, id })(Effect.withFiber((fiber) => {
      const trace = traceparentOf(fiber)
      return bus.publish(trace === undefined ? messages : messages.map((message) => ({ ...message, trace })))
    }))

  const publish = Effect.fnUntraced(function*(turn: ThisTurn) {
    yield* failpoints.behindPublish(turn.events, announce(machine.publish(turn)))
    if (turn.call.sender_id === "system") yield* tracking.recordFired(turn.events, turn.at)
    const consequences = machine.afterCommit(turn)
    if (consequences !== null) yield* inBackground("afterCommit", consequences)
  })

  /** The journal's verdict becomes memory and an outcome. */
  const evolve = Effect.fnUntraced(function*(
    verdict: Verdict,
    turn: ThisTurn,
    reply: Result.Result<Outcome, Refusal>,
    epoch: number
  ): Effect.fn.Return<Outcome, Refusal | Unavailable> {
    switch (verdict._tag) {
      case "Committed":
        loaded = { epoch, state: turn.after }
        supervision.committed()
        yield* publish(turn)
        return yield* Effect.fromResult(reply)
      case "Repeated":
        return repeats.decode(verdict.outcome)
      case "Refused":
        return yield* Effect.fail(verdict.refusal)
      case "Fenced":
        loaded = null
        yield* timer.clear
        return yield* supervision.fencedOut
    }
  })

  // Functions of the actor and not of the turn: an Effect.gen made anew for each call is slow to start.
  const takeTurn = Effect.fnUntraced(function*(
    call: Call<Command>
  ): Effect.fn.Return<Reply, Refusal | Unavailable> {
    const { epoch, state } = loaded ?? (yield* load)
    const answer = (outcome: Outcome, now: State) => machine.replyTo(call.command, outcome, now)
    const known = repeats.recent.get(call)
    if (known !== undefined) return answer(known, state)
    const at = yield* Clock.currentTimeMillis
    const facts = yield* machine.facts(state, call.command, at)
    const { events, reply } = machine.decide(state, call.command, facts)
    const record = repeats.recordOf(call, reply)
    if (Result.isFailure(reply)) {
      const earlier = yield* repeats.find(call, state)
      if (earlier !== null) return answer(earlier, state)
    }
    if (events.length === 0 && record === null) {
      yield* timer.arm(machine.deadlineOf(state))
      return answer(yield* Effect.fromResult(reply), state)
    }
    const turn = { call, at, facts, before: state, after: events.reduce(machine.evolve, state), events }
    const verdict = yield* commit(turn, record, epoch)
    const outcome = yield* evolve(verdict, turn, reply, epoch)
    const now = verdict._tag === "Committed" ? turn.after : state
    yield* timer.arm(machine.deadlineOf(now))
    repeats.recent.put(call, outcome)
    return answer(outcome, now)
  })

  const run = (call: Call<Command>): Effect.Effect<Reply, Refusal | Unavailable> =>
    spanned("turn", { kind, id, command: call.command._tag }, call.trace)(
      tracking.turn(inMailbox(supervision.supervise(call, () => takeTurn(call))))
    )

  const timer = yield* makeDeadlineTimer(
    tick === null
      ? null
      : Effect.suspend(() => run(asSystem(tick)))
  )
  return { run }
})
