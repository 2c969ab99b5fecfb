// The promise behind every activation: a session that was written by the journal, turn by turn, is
// claimed back exactly as its last owner left it, and its events exactly as they were decided.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as fc from "fast-check"
import type { SessionCommand } from "../../src/domain/session/commands.ts"
import type { SessionEvent } from "../../src/domain/session/events.ts"
import { SessionViews } from "../../src/services/sessions/session-views.ts"
import { Sessions } from "../../src/services/sessions/sessions.ts"
import { t0 } from "./given.ts"
import * as Stage from "./stage.ts"
import { asCustomer, asMitra, session } from "./stage.ts"

type Step = {
  readonly after_ms: number
  readonly command: (n: number) => SessionCommand
  readonly asked: ReadonlyArray<number>
}

const side = fc.constantFrom("customer" as const, "mitra" as const)
const mitraNumber = fc.integer({ min: 1, max: 4 })
const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 }).map((words) => `${words}.`)

let clientIds = 0

type Drawn = readonly [weight: number, arbitrary: fc.Arbitrary<Step["command"]>]

const always = (command: Step["command"]) => fc.constant(command)

/**
 * Commands by any person; the machine refuses what makes no sense, and that is a turn as well. By tag, so
 * that a new command is drawn too, or says where else it is written and loaded back.
 */
const drawn: { readonly [Tag in SessionCommand["_tag"]]: Drawn | string } = {
  Tick: [4, always(() => Stage.tick)],
  Accept: [3, mitraNumber.map((m) => () => Stage.accept(m))],
  Decline: [1, mitraNumber.map((m) => (): SessionCommand => ({ _tag: "Decline", by: asMitra(m) }))],
  SendMessage: [
    4,
    fc.tuple(side, mitraNumber, text).map(([from, m, body]) => (n: number) =>
      Stage.send(from === "customer" ? asCustomer(n) : asMitra(m), `client-${clientIds++}`, body)
    )
  ],
  MarkRead: [
    2,
    fc.tuple(mitraNumber, fc.nat(20)).map(([m, seq]) => (): SessionCommand => ({
      _tag: "MarkRead",
      by: asMitra(m),
      seq
    }))
  ],
  MarkDelivered: [
    1,
    fc.nat(20).map((seq) => (n: number): SessionCommand => ({
      _tag: "MarkDelivered",
      by: asCustomer(n),
      seq
    }))
  ],
  SetTopic: [
    1,
    mitraNumber.map((m) => (): SessionCommand => ({ _tag: "SetTopic", by: asMitra(m), topic: "sensitive" }))
  ],
  End: [1, always((n) => ({ _tag: "End", by: asCustomer(n) }))],
  Goodbye: [
    1,
    fc.tuple(mitraNumber, text).map(([m, words]) => (): SessionCommand => ({
      _tag: "Goodbye",
      by: asMitra(m),
      text: words
    }))
  ],
  Cancel: [1, always((n) => ({ _tag: "Cancel", by: asCustomer(n) }))],
  WithdrawOffer: [
    1,
    mitraNumber.map((m) => (): SessionCommand => ({ _tag: "WithdrawOffer", mitra_id: asMitra(m).id }))
  ],
  Requeue: [1, always(() => ({ _tag: "Requeue" }))],
  CheckMitra: "needs a mitra who is away: journal-reroute.ts",
  Reroute: "needs another mitra who may take over: journal-reroute.ts",
  RequestExtension: "needs a payment of its own: journal-money.ts",
  AnswerExtension: "needs one that was requested: journal-money.ts",
  ForceClose: "is an audited turn of staff: journal.ts"
}

const command: fc.Arbitrary<Step["command"]> = fc.oneof(
  ...Object.values(drawn).flatMap((each) =>
    typeof each === "string" ? [] : [{ weight: each[0], arbitrary: each[1] }]
  )
)

const step: fc.Arbitrary<Step> = fc.record({
  after_ms: fc.oneof(fc.nat(2000), fc.nat(100_000)),
  command,
  asked: fc.shuffledSubarray([1, 2, 3, 4])
})

/** A first look at once, so that most scripts have a mitra who may answer; in any order of asking. */
const firstLook: fc.Arbitrary<Step> = fc.record({
  after_ms: fc.constant(1),
  command: fc.constant(() => Stage.tick),
  asked: fc.shuffledSubarray([1, 2, 3], { minLength: 2 })
})

const script: fc.Arbitrary<ReadonlyArray<Step>> = fc.tuple(
  firstLook,
  fc.array(step, { minLength: 4, maxLength: 24 })
).map(([first, rest]) => [first, ...rest])

const scripts = 40

const live = Effect.fnUntraced(function*(n: number, steps: ReadonlyArray<Step>, hint: string) {
  const sessions = yield* Sessions
  const views = yield* SessionViews
  const owner = yield* Stage.givenRequest(n)
  const decided: Array<SessionEvent> = []
  let at = t0
  for (const { after_ms, asked, command: commandOf } of steps) {
    at += after_ms
    const candidates = Stage.candidates(...asked)
    const { after, write } = yield* Stage.make(owner, commandOf(n), { at, candidates })
    const verdict = yield* Stage.commit(write)
    // The mitras chat with other scripts' customers too: being full is a fine reason to go on without.
    if (verdict._tag !== "Committed") continue
    decided.push(...write.session!.events.map(({ event }) => event))
    owner.state = after
    assert.deepStrictEqual(yield* sessions.find(session(n)), after, hint)
  }
  const claimed = yield* Stage.claim(n, "runner-b")
  assert.deepStrictEqual(claimed, { epoch: owner.epoch + 1, state: owner.state }, hint)
  const events = yield* views.eventsAfter(session(n), 0, 1000)
  assert.deepStrictEqual(events.map(({ event }) => event), decided, hint)
  return owner.state.status
})

export const sessionsLossless = (name: string, layer: Layer.Layer<Stage.Stage>) =>
  describe(`Sessions, lossless (${name})`, () => {
    it.live("whatever a session lived through, it is loaded exactly as it was left", () =>
      Effect.gen(function*() {
        const seed = Number(process.env["SEED"] ?? Date.now() % 2 ** 31)
        yield* Stage.givenMitras(1, 2, 3, 4)
        const sampled = fc.sample(script, { numRuns: scripts, seed })
        const statuses = yield* Effect.forEach(
          sampled,
          (steps, index) => live(index + 1, steps, `SEED=${seed}, script ${index}`)
        )
        assert.isAbove(new Set(statuses).size, 1, `SEED=${seed}: the scripts should end in different places`)
      }).pipe(Effect.provide(layer)))
  })
