// What the outbox suites start from: written pushes, and a worker's claims on them.
import * as Effect from "effect/Effect"
import { it } from "@effect/vitest"
import * as Layer from "effect/Layer"
import { type ClaimedPush, PushOutbox, type PushOutcome } from "../../src/services/push/push-outbox.ts"
import { minute, t0 } from "./given.ts"
import * as Stage from "./stage.ts"
import { TimeZone } from "../../src/services/platform/time-zone.ts"
import { Written } from "./written.ts"

export type Everything = Stage.Stage | PushOutbox

export const testerOn =
  (layer: Layer.Layer<Everything>) =>
  (title: string, body: Effect.Effect<void, unknown, Everything>, zone = "UTC") =>
    it.live(title, () => Effect.provide(body, Layer.provide(layer, Layer.succeed(TimeZone)(zone))))

export const leaseMs = 30_000

export const claimAt = Effect.fnUntraced(function*(now: number, limit = 100) {
  return yield* (yield* PushOutbox).claim({ now, lease_until: now + leaseMs, limit })
})

export const claimed = (now: number, limit = 100) => Effect.map(claimAt(now, limit), ({ pushes }) => pushes)

export const finishAt = Effect.fnUntraced(function*(
  push: ClaimedPush,
  outcome: PushOutcome,
  now: number,
  asked = { sent: 0, failed: 0 }
) {
  yield* (yield* PushOutbox).finish({ push, outcome, ...asked }, now)
})

export const isWanted = Effect.fnUntraced(function*(push: ClaimedPush | undefined, now: number) {
  return push === undefined ? null : yield* (yield* PushOutbox).isWanted(push, now)
})

export const statuses = Effect.fnUntraced(function*(n: number) {
  const pushes = yield* (yield* Written).pushes(Stage.session(n))
  return pushes.map(({ kind, status }) => `${kind} ${status}`)
})

/** Session 1 with mitra 1, running since t0 + 20; its own pushes are out of the way. */
export const quietChat = Effect.gen(function*() {
  yield* Stage.givenMitras(1)
  const owner = yield* Stage.givenChat(1, 1)
  for (const push of yield* claimed(t0 + 30)) yield* finishAt(push, { _tag: "Sent" }, t0 + 30)
  return owner
})

/** `count` requests, each offered to mitra 1 at t0 + 10: their offer pushes expire a minute later. */
export const offers = Effect.fnUntraced(function*(count: number) {
  yield* Stage.givenMitras(1)
  const owners: Array<Stage.Owner> = []
  for (let n = 1; n <= count; n += 1) {
    const owner = yield* Stage.givenRequest(n)
    yield* Stage.offer(owner, t0 + 10, 1)
    owners.push(owner)
  }
  return owners
})

export const offerEnds = t0 + minute
