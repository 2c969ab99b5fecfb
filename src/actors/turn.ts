// The one turn loop: load -> decide -> commit -> evolve -> reply -> publish -> arm. Memory is never
// newer than Postgres and a reply never precedes its commit. One turn at a time per actor; a turn
// that started is not interrupted half-way.
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FiberHandle from "effect/FiberHandle"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import type { Refusal } from "../domain/refusal.ts"
import { WorkTracker, track, record } from "../services/manual-clock/work-tracker.ts"
import { Bus } from "../services/bus/bus.ts"
import { Failpoints, passFailpoint } from "../services/manual-clock/failpoints.ts"
import { Journal, type IdempotencyRecord, type Verdict } from "../services/journal/journal.ts"
import { count } from "../services/operations/figures.ts"
import { Unavailable } from "../services/platform/unavailable.ts"
import type { Call, Machine, Turn } from "./machine.ts"
import { makeReplyCache } from "./reply-cache.ts"
import { runSupervised } from "./supervised.ts"
import * as RealTime from "../services/platform/real-time.ts"

/** After losing its epoch an actor stays silent this long: by then its cluster knows who owns it. */
const fencedSilenceMs = 5000
/** Repeated defects silence an actor with back-off instead of spinning. */
const defectsBeforeSilence = 3
const defectSilenceMaxMs = 30_000
const afterCommitTimeout = "5 seconds"
const stuckDeadlineMs = 1000

const moved = new Unavailable({ what: "actor", retryable: true })

export interface Turns<Command, Reply> {
  readonly run: (call: Call<Command>) => Effect.Effect<Reply, Refusal | Unavailable>
}

interface Loaded<State> {
  readonly epoch: number
  readonly state: State
}

/** What time brought about, for whoever holds the clock. */
const recordFired = (
  { id, kind }: { readonly id: string; readonly kind: string },
  events: ReadonlyArray<{ readonly _tag: string }>,
  at: number
) => record((log) => events.forEach(({ _tag }) => log.fired({ what: `${kind}.${_tag}`, id, at })))

/** Builds the loop for one activated actor; its timer and after-commit work live in the scope. */
export const makeTurns = Effect.fnUntraced(function*<
  State,
  Command extends { readonly _tag: string },
  Facts,
  Event extends { readonly _tag: string },
  Reply
>(
  machine: Machine<State, Command, Facts, Event, Reply>
): Effect.fn.Return<Turns<Command, Reply>, never, Journal | Bus | Scope.Scope> {
  const journal = yield* Journal
  const bus = yield* Bus
  const gate = yield* Failpoints
  const scope = yield* Effect.scope
  const mailbox = yield* Semaphore.make(1)
  const timer = yield* FiberHandle.make<void, never>()
  const replies = makeReplyCache<Reply>()
  // How long an actor keeps silent is between it and the cluster; it must not outlast a clock that stands.
  const silenceNow = RealTime.onRealTime(Clock.currentTimeMillis)
  const encodeReply = Schema.encodeSync(machine.reply)
  const decodeReply = Schema.decodeUnknownSync(machine.reply)

  let loaded: Loaded<State> | null = null
  let silentUntil = 0
  let defects = 0
  let armedFor: number | null = null
  let tickedFor: number | null = null

  // Somebody holds the clock, and waits for turns before it moves on.
  const isHeld = (yield* WorkTracker) !== null || (yield* RealTime.TwoClocks) !== null
  const working = track(`${machine.kind} ${machine.id}`)
  const label = { actor: machine.kind, actor_id: machine.id }

  const background = (name: string, effect: Effect.Effect<void>) =>
    effect.pipe(
      RealTime.timeout(afterCommitTimeout),
      Effect.catchCause((cause) => Effect.logWarning(`${name} failed`, cause)),
      Effect.annotateLogs(label),
      working,
      Effect.forkIn(scope),
      Effect.asVoid
    )

  const load = Effect.gen(function*() {
    if (loaded !== null) return loaded
    const claimed = yield* machine.claim
    if (claimed === null) return yield* Effect.fail(machine.notFound)
    loaded = claimed
    yield* background("afterLoad", machine.afterLoad(claimed.state))
    return claimed
  })

  /** Sleeps until the nearest deadline and ticks; starts again until the tick is through. */
  const arm = (state: State): Effect.Effect<void> => {
    const deadline = machine.deadlineOf(state)
    const tick = machine.tick
    if (deadline === armedFor) return Effect.void
    armedFor = deadline
    if (deadline === null || tick === null) return FiberHandle.clear(timer)
    const fire = Effect.gen(function*() {
      const now = yield* Clock.currentTimeMillis
      // A deadline that a tick did not move would spin: it waits a little before the next try.
      if (tickedFor === deadline) yield* RealTime.onRealTime(Effect.sleep(stuckDeadlineMs))
      yield* Effect.sleep(Math.max(0, deadline - now))
      tickedFor = deadline
      armedFor = null
      // Forked, because the tick arms the next timer, which replaces (interrupts) this one.
      const ticking = yield* Effect.forkIn(
        run({ sender_id: "system", command_id: null, command: tick, staff: null }),
        scope
      )
      yield* Fiber.join(ticking)
    })
    return FiberHandle.run(timer, runSupervised("deadline timer", fire)).pipe(Effect.asVoid)
  }

  const settle = Effect.fnUntraced(function*(turn: Turn<State, Command, Facts, Event>, epoch: number) {
    yield* passFailpoint(gate, "after_commit", turn.events)
    loaded = { epoch, state: turn.after }
    defects = 0
    yield* bus.publish(machine.publish(turn))
    yield* passFailpoint(gate, "after_publish", turn.events)
    if (turn.call.sender_id === "system") yield* recordFired(machine, turn.events, turn.at)
    const consequences = machine.afterCommit(turn)
    if (consequences !== null) yield* background("afterCommit", consequences)
  })

  const idempotencyRecordOf = (
    call: Call<Command>,
    reply: Result.Result<Reply, Refusal>
  ): IdempotencyRecord | null =>
    call.command_id !== null && machine.keepsRecord(call.command) && Result.isSuccess(reply)
      ? { sender_id: call.sender_id, command_id: call.command_id, outcome: encodeReply(reply.success) }
      : null

  /** Turns the journal's verdict into memory and a reply. */
  const conclude = Effect.fnUntraced(
    function*(
      verdict: Verdict,
      turn: Turn<State, Command, Facts, Event>,
      reply: Result.Result<Reply, Refusal>,
      epoch: number
    ): Effect.fn.Return<Reply, Refusal | Unavailable> {
      switch (verdict._tag) {
        case "Committed":
          yield* settle(turn, epoch)
          return yield* Effect.fromResult(reply)
        case "Repeated":
          return decodeReply(verdict.outcome)
        case "Refused":
          return yield* Effect.fail(verdict.refusal)
        case "Fenced": {
          count("fenced_turns_total", [machine.kind])
          loaded = null
          silentUntil = (yield* silenceNow) + fencedSilenceMs
          armedFor = null
          yield* FiberHandle.clear(timer)
          yield* Effect.logWarning("fenced out: another owner has a newer epoch").pipe(
            Effect.annotateLogs(label)
          )
          return yield* Effect.fail(moved)
        }
      }
    }
  )

  /** A repeat of a command that once succeeded may be refused by the state it itself made. */
  const previousReply = Effect.fnUntraced(function*(call: Call<Command>) {
    if (!machine.keepsRecord(call.command)) return yield* machine.findPreviousReply(call.command)
    if (call.command_id === null) return null
    const stored = yield* journal.outcomeOf(machine.id, call.sender_id, call.command_id)
    return stored === null ? null : decodeReply(stored)
  })

  // Functions of the actor and not of the turn: an Effect.gen made anew for each call is slow to start.
  const takeTurn = Effect.fnUntraced(
    function*(call: Call<Command>): Effect.fn.Return<Reply, Refusal | Unavailable> {
      const known = replies.get(call)
      if (known !== undefined) return known
      const { epoch, state } = loaded ?? (yield* load)
      const at = yield* Clock.currentTimeMillis
      const facts = yield* machine.facts(state, call.command, at)
      const { events, reply } = machine.decide(state, call.command, facts)
      const record = idempotencyRecordOf(call, reply)
      if (Result.isFailure(reply)) {
        const earlier = yield* previousReply(call)
        if (earlier !== null) return earlier
      }
      if (events.length === 0 && record === null) {
        yield* arm(state)
        return yield* Effect.fromResult(reply)
      }
      const turn: Turn<State, Command, Facts, Event> = {
        call,
        at,
        facts,
        before: state,
        after: events.reduce(machine.evolve, state),
        events
      }
      const rows = yield* machine.write(turn)
      yield* passFailpoint(gate, "before_commit", events)
      const verdict = yield* journal.commit({
        actor: { kind: machine.kind, id: machine.id, epoch },
        at,
        command: record,
        ...rows
      }).pipe(
        // Written or not, nobody knows: forget, so that the next turn reads the truth.
        Effect.onError(() => Effect.sync(() => (loaded = null)))
      )
      const answer = yield* conclude(verdict, turn, reply, epoch)
      yield* arm(loaded === null ? state : (loaded as Loaded<State>).state)
      replies.put(call, answer)
      return answer
    }
  )

  const onDefect = Effect.fnUntraced(
    function*(call: Call<Command>, cause: Cause.Cause<Refusal | Unavailable>) {
      loaded = null
      armedFor = null
      defects += 1
      count("turn_defects_total", [machine.kind])
      if (defects >= defectsBeforeSilence) {
        const silence = Math.min(defectSilenceMaxMs, 1000 * 2 ** (defects - defectsBeforeSilence))
        silentUntil = (yield* silenceNow) + silence
      }
      yield* Effect.logError("defect in a turn; state is reloaded", cause).pipe(
        Effect.annotateLogs({ ...label, command: call.command._tag, sender: call.sender_id, defects })
      )
      return yield* Effect.fail(moved)
    }
  )

  /** Silent for a while: repeats would only spin. Most actors never are. */
  const unlessSilent = (turn: Effect.Effect<Reply, Refusal | Unavailable>) =>
    silentUntil === 0
      ? turn
      : Effect.flatMap(silenceNow, (now) => now < silentUntil ? Effect.fail(moved) : turn)

  const supervisedTurn = (call: Call<Command>): Effect.Effect<Reply, Refusal | Unavailable> =>
    Effect.suspend(() => unlessSilent(takeTurn(call))).pipe(
      Effect.uninterruptible,
      Effect.catchCauseIf((cause) => Cause.hasDies(cause), (cause) => onDefect(call, cause))
    )

  const run = (call: Call<Command>): Effect.Effect<Reply, Refusal | Unavailable> => {
    const turn = mailbox.withPermit(supervisedTurn(call))
    // Called by the cluster, which lives in real time; a turn does not.
    return isHeld ? RealTime.onProductTime(working(turn)) : turn
  }

  return { run }
})
