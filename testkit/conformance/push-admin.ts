// What every PushOutbox adapter shows and does for staff: numbers, dead letters, replays and costs.
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { Accounts } from "../../src/services/accounts/accounts.ts"
import { PushOutbox } from "../../src/services/push/push-outbox.ts"
import { atOnce, givenStaff, idOf, minute, staffId, t0, times } from "./given.ts"
import { claimed, type Everything, finishAt, offerEnds, offers, statuses, testerOn } from "./push-given.ts"
import { mitra, session } from "./stage.ts"
import { Written } from "./written.ts"

const day = 86_400_000

const entry = (n: number, at: number) => ({
  id: idOf(0xad000 + n),
  staff_id: staffId,
  action: "push.replay",
  target_type: "push",
  target_id: "all",
  peer: "127.0.0.1",
  at
})
const command = (command_id: string) => ({ sender_id: `staff:${staffId}`, command_id })

/** So many offers whose pushes have died at t0 + 20, oldest first. */
const deadLetters = Effect.fnUntraced(function*(count: number) {
  yield* givenStaff.pipe(Effect.provideService(Accounts, yield* Accounts))
  yield* offers(count)
  const pushes = yield* claimed(t0 + 10)
  for (const push of pushes) yield* finishAt(push, { _tag: "Dead", code: "REFUSED" }, t0 + 20)
  return pushes.map(({ id }) => id).toSorted()
})

export const pushAdmin = (name: string, layer: Layer.Layer<Everything>) =>
  describe(`PushOutbox for staff (${name})`, () => {
    const test = testerOn(layer)

    test(
      "what waits is counted by kind, with the age of the oldest, beside what is dead",
      Effect.gen(function*() {
        const outbox = yield* PushOutbox
        assert.deepStrictEqual(yield* outbox.depth(t0), { open: [], dead: 0, hold: null })
        yield* offers(3)
        const [push] = yield* claimed(t0 + 10, 1)
        assert.deepStrictEqual((yield* outbox.depth(t0 + 20)).open, [
          { kind: "offer", count: 3, oldest_created_at: t0 + 10 }
        ])
        yield* finishAt(push!, { _tag: "Dead", code: "no" }, t0 + 20)
        const { dead, open } = yield* outbox.depth(t0 + 20)
        assert.deepStrictEqual([dead, open[0]?.count], [1, 2])
      })
    )

    test(
      "dead letters come newest first, page by page, with the reason",
      Effect.gen(function*() {
        const outbox = yield* PushOutbox
        const ids = yield* deadLetters(3)
        const page = yield* outbox.deadLetters({ before: null, limit: 2 })
        assert.deepStrictEqual(page.map(({ id }) => id), [ids[2], ids[1]])
        assert.deepStrictEqual(page[0], {
          id: ids[2]!,
          user_type: "mitra",
          user_id: mitra(1),
          kind: "offer",
          session_id: session(3),
          expires_at: offerEnds,
          attempts: 1,
          created_at: t0 + 10,
          died_at: t0 + 20,
          code: "REFUSED"
        })
        const rest = yield* outbox.deadLetters({ before: ids[1]!, limit: 2 })
        assert.deepStrictEqual(rest.map(({ id }) => id), [ids[0]])
      })
    )

    test(
      "a replayed letter is due at once with all its attempts, and the replay is written down",
      Effect.gen(function*() {
        const outbox = yield* PushOutbox
        const [id] = yield* deadLetters(2)
        const done = yield* outbox.replay(id!, command("replay-1"), entry(1, t0 + 30))
        assert.deepStrictEqual(done, { replayed: 1, over: 0, left: 1 })
        assert.deepStrictEqual(yield* (yield* Written).auditIds, [idOf(0xad001)])
        const found = yield* claimed(t0 + 30)
        assert.deepStrictEqual(found.map((push) => [push.id, push.attempts]), [[id, 0]])
      })
    )

    test(
      "the same replay again, also at the same moment, gives the first answer and replays nothing",
      Effect.gen(function*() {
        const outbox = yield* PushOutbox
        yield* deadLetters(2)
        const answers = yield* atOnce(
          times(3).map((n) => outbox.replay(null, command("replay-1"), entry(n, t0 + 30)))
        )
        for (const answer of answers) assert.deepStrictEqual(answer, { replayed: 2, over: 0, left: 0 })
        const [push] = yield* claimed(t0 + 30)
        yield* finishAt(push!, { _tag: "Dead", code: "again" }, t0 + 40)
        yield* outbox.replay(null, command("replay-1"), entry(9, t0 + 50))
        assert.strictEqual((yield* outbox.depth(t0 + 50)).dead, 1)
        assert.lengthOf(yield* (yield* Written).auditIds, 1)
      })
    )

    test(
      "letters whose time is over are not sent again but put away",
      Effect.gen(function*() {
        const outbox = yield* PushOutbox
        yield* deadLetters(1)
        const done = yield* outbox.replay(null, command("replay-1"), entry(1, offerEnds))
        assert.deepStrictEqual(done, { replayed: 0, over: 1, left: 0 })
        assert.deepStrictEqual(yield* statuses(1), ["offer expired"])
        const none = yield* outbox.replay(idOf(0x77), command("replay-2"), entry(2, offerEnds))
        assert.deepStrictEqual(none, { replayed: 0, over: 0, left: 0 })
      })
    )

    test(
      "a day begins at midnight of the server's zone",
      Effect.gen(function*() {
        const outbox = yield* PushOutbox
        yield* offers(2)
        const [one, two] = yield* claimed(t0 + 10)
        // In Jakarta it is 2026-01-02 from 17:00 UTC on.
        const midnight = t0 - 123 + 17 * 60 * minute
        yield* finishAt(one!, { _tag: "Sent" }, midnight - 1, { sent: 1, failed: 0 })
        yield* finishAt(two!, { _tag: "Sent" }, midnight, { sent: 2, failed: 0 })
        assert.deepStrictEqual(yield* outbox.costs(midnight, 2), [
          { day: "2026-01-02", kind: "offer", sent: 2, failed: 0 },
          { day: "2026-01-01", kind: "offer", sent: 1, failed: 0 }
        ])
        assert.strictEqual((yield* outbox.costs(midnight, 1)).length, 1)
      }),
      "Asia/Jakarta"
    )

    test(
      "costs add up per day and kind, also of rows that were withdrawn meanwhile, and days are UTC",
      Effect.gen(function*() {
        const outbox = yield* PushOutbox
        yield* offers(2)
        const [one, two] = yield* claimed(t0 + 10)
        const midnight = t0 - 123 + day
        yield* finishAt(one!, { _tag: "Sent" }, t0 + 20, { sent: 2, failed: 1 })
        yield* finishAt(one!, { _tag: "Sent" }, t0 + 20, { sent: 1, failed: 0 })
        yield* finishAt(two!, { _tag: "Sent" }, midnight, { sent: 1, failed: 0 })
        const today = { day: "2026-01-02", kind: "offer" as const, sent: 1, failed: 0 }
        const yesterday = { day: "2026-01-01", kind: "offer" as const, sent: 3, failed: 1 }
        assert.deepStrictEqual(yield* outbox.costs(midnight + minute, 2), [today, yesterday])
        assert.deepStrictEqual(yield* outbox.costs(midnight + minute, 1), [today])
        assert.deepStrictEqual(yield* outbox.costs(t0, 7), [yesterday])
      })
    )
  })
