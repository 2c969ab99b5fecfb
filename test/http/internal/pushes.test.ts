// The control center's push calls: the outbox in numbers, dead letters by page, replays that happen once and
// are written down, and what pushes cost.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { TestClock } from "effect/testing"
import { MemoryTables } from "../../../testkit/memory/store/tables.ts"
import { Staff } from "../../../src/services/accounts/staff.ts"
import { PushOutbox } from "../../../src/services/push/push-outbox.ts"
import { idOf, minute, t0 } from "../../../testkit/conformance/given.ts"
import { colleague, desk } from "./staff-desk.ts"

/** A push of this number that died at t0. */
const deadLetter = Effect.fnUntraced(function*(n: number) {
  const { push_outbox } = yield* MemoryTables
  push_outbox.set(idOf(n), {
    id: idOf(n),
    user_type: "mitra",
    user_id: idOf(0xb1),
    kind: "closing",
    auth_session_id: null,
    session_id: idOf(0x51),
    due_at: t0,
    expires_at: t0 + minute,
    status: "dead",
    attempts: 6,
    claims: 9,
    created_at: t0 - 1000,
    last_error: "INTERNAL",
    finished_at: t0
  })
})

const story = (title: string, body: (call: Seat) => Effect.Effect<void, unknown, Desk>) =>
  it.effect(title, () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(t0)
      const { call } = yield* colleague(1, "operator")
      yield* body(call)
    }).pipe(Effect.provide(desk)))
type Colleague = ReturnType<typeof colleague>
type Seat = Effect.Success<Colleague>["call"]
type Desk = Effect.Services<Colleague> | MemoryTables | Staff | PushOutbox

describe("pushes at the control center", () => {
  story(
    "the outbox says who sends, what waits for how long, what is held and how much died",
    (call) =>
      Effect.gen(function*() {
        yield* deadLetter(1)
        yield* deadLetter(2)
        yield* call("admin.push_replay", { command_id: "replay-the-first", push_id: idOf(1) })
        yield* (yield* PushOutbox).hold({ until: t0 + 5000, reason: "rate_limited" })
        assert.deepStrictEqual(yield* call("admin.push_outbox"), {
          provider: "memory",
          paused: false,
          hold: { until: "2026-01-01T00:00:05.123Z", reason: "rate_limited" },
          open: [{ kind: "closing", count: 1, oldest_age_ms: 1000 }],
          dead_letters: 1
        })
      })
  )

  story("dead letters come by page with their reason", (call) =>
    Effect.gen(function*() {
      for (const n of [1, 2, 3]) yield* deadLetter(n)
      const page = yield* call("admin.push_dead_letters", { before: null, limit: 2 })
      assert.deepStrictEqual(page.dead_letters[0], {
        push_id: idOf(3),
        kind: "closing",
        user_type: "mitra",
        user_id: idOf(0xb1),
        session_id: idOf(0x51),
        attempts: 6,
        code: "INTERNAL",
        created_at: "2025-12-31T23:59:59.123Z",
        expires_at: "2026-01-01T00:01:00.123Z",
        died_at: "2026-01-01T00:00:00.123Z"
      })
      const rest = yield* call("admin.push_dead_letters", { before: idOf(2), limit: 2 })
      assert.lengthOf(rest.dead_letters, 1)
    }))

  story(
    "a replay happens once per command, is audited, and asks no more of what is over",
    (call) =>
      Effect.gen(function*() {
        for (const n of [1, 2]) yield* deadLetter(n)
        const all = { command_id: "replay-everything", push_id: null }
        const done = { replayed: 2, over: 0, left: 0 }
        assert.deepStrictEqual(yield* call("admin.push_replay", all), done)
        yield* deadLetter(3)
        assert.deepStrictEqual(yield* call("admin.push_replay", all), done)
        const [entry, ...others] = yield* (yield* Staff).auditPage({ before: null, limit: 10 })
        assert.lengthOf(others, 0)
        assert.deepInclude(entry, {
          action: "push.replay",
          target_type: "push",
          target_id: "all",
          before: { dead: 2 },
          after: done
        })
        yield* TestClock.adjust("2 minutes")
        const late = { command_id: "replay-the-third", push_id: idOf(3) }
        assert.deepStrictEqual(yield* call("admin.push_replay", late), { replayed: 0, over: 1, left: 0 })
      })
  )

  story("costs are shown by day and kind", (call) =>
    Effect.gen(function*() {
      const { push_costs } = yield* MemoryTables
      const day = { day: "2026-01-01", kind: "offer", sent: 3, failed: 1 } as const
      push_costs.set("2026-01-01/offer", day)
      assert.deepStrictEqual(yield* call("admin.push_costs", { days: 7 }), { costs: [day] })
    }))
})
