// The console's calls over memory adapters: lists, one customer, the queue, who I am, and the stream of what
// changes. Real handlers behind their gate.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import { RpcTest } from "effect/rpc"
import { AdminConsoleRpcs, type WatchBatch } from "../../../../src/contract/staff/console.ts"
import type { Role } from "../../../../src/domain/staff.ts"
import * as ConsoleHandlers from "../../../../src/http/internal/console/handlers.ts"
import * as LiveHub from "../../../../src/http/internal/console/live-hub.ts"
import * as Permissions from "../../../../src/http/internal/permissions.ts"
import * as ThisRunner from "../../../../src/http/internal/this-runner.ts"
import { Connection } from "../../../../src/http/socket/connection.ts"
import * as Readiness from "../../../../src/http/readiness.ts"
import * as MirrorOff from "../../../../src/layers/availability/mirror/mirror.off.ts"
import { Accounts } from "../../../../src/services/accounts/accounts.ts"
import { Mirror } from "../../../../src/services/availability/mirror.ts"
import { RunnerRegistry } from "../../../../src/services/platform/runner-registry.ts"
import { Shutdown } from "../../../../src/services/platform/shutdown.ts"
import * as PushMemory from "../../../../testkit/memory/push.memory.ts"
import { customerPhone, refused } from "../../phone.ts"
import { chat, given, onlineMitra, request, say } from "../../script.ts"
import { world } from "../../world.ts"
import { colleagueOf, connectionOf } from "../staff-desk.ts"

const registry = Layer.succeed(RunnerRegistry)({
  own_address: "10.0.0.1:4000",
  members: Effect.succeed([{ address: "10.0.0.1:4000", is_healthy: true }])
})

/** One that says something else than the rows of two mitras. */
const drifting = Layer.effect(Mirror)(Effect.map(Mirror, (port) => ({
  ...port,
  status: Effect.map(port.status, (status) => ({ ...status, drift: { rows: 3, keys: 3, drifted: 2 } }))
}))).pipe(Layer.provide(MirrorOff.layer))

const office = Layer.merge(ConsoleHandlers.layer({ time_zone: "Asia/Jakarta" }), Permissions.layer).pipe(
  Layer.provide(LiveHub.layer({ sampling: false })),
  Layer.provide(Layer.mergeAll(
    PushMemory.layer,
    drifting,
    ThisRunner.layer,
    Readiness.layer,
    Layer.succeed(Shutdown)({ request: Effect.void }),
    registry
  )),
  Layer.provideMerge(world)
)

const gated = AdminConsoleRpcs.middleware(Permissions.PermissionGate)

const staff = Effect.fnUntraced(function*(n: number, role: Role) {
  const seat = yield* colleagueOf(gated)(n, role)
  const client = yield* RpcTest.makeClient(gated, { flatten: true, disableFatalDefects: true })
  const watch = (cursor: WatchBatch["cursor"] | null = null) =>
    client("admin.watch", { cursor }).pipe(Stream.provideService(Connection, connectionOf(seat.id)))
  return { ...seat, watch }
})

const listed = { filter: "all", mitra_id: null, after: null, limit: 10 } as const

describe("the console's lists", () => {
  it.effect("show what is alive by page and filter, and refuse a cursor that is none", () =>
    Effect.gen(function*() {
      yield* given
      const { session_id } = yield* chat
      const waiting = yield* request(yield* customerPhone("Budi"))
      const { call } = yield* staff(1, "viewer")
      const all = yield* call("admin.live_sessions", { ...listed, limit: 1 })
      assert.deepStrictEqual(all.sessions.map((one: { session_id: string }) => one.session_id), [session_id])
      const rest = yield* call("admin.live_sessions", { ...listed, after: all.next })
      assert.deepStrictEqual(rest.sessions.map((one: { session_id: string }) => one.session_id), [
        waiting.session_id
      ])
      assert.isNull(rest.next)
      const running = yield* call("admin.live_sessions", { ...listed, filter: "running" })
      assert.lengthOf(running.sessions, 1)
      assert.strictEqual(
        yield* refused(call("admin.live_sessions", { ...listed, after: "hello" })),
        "BAD_REQUEST"
      )
    }).pipe(Effect.provide(office)))

  it.effect("show the queue with places, ages and the estimate by the chats that run", () =>
    Effect.gen(function*() {
      yield* given
      yield* chat
      yield* request(yield* customerPhone("Budi"))
      yield* request(yield* customerPhone("Nina"))
      const { call } = yield* staff(1, "viewer")
      yield* TestClock.adjust("7 seconds")
      const { queue } = yield* call("admin.queue", { limit: 10 })
      assert.deepStrictEqual(
        // oxlint-disable-next-line typescript/no-explicit-any
        queue.map((one: any) => [one.position, one.session.customer_name, one.waited_ms]),
        [[1, "Budi", 7_000], [2, "Nina", 7_000]]
      )
      assert.isAbove(queue[0].estimated_wait_seconds, 0)
      assert.isNull(queue[1].estimated_wait_seconds)
    }).pipe(Effect.provide(office)))

  it.effect("find mitras by name or whole phone, and a customer by id, with the phone hidden", () =>
    Effect.gen(function*() {
      yield* given
      const { ayu, sari, session_id } = yield* chat
      const { call } = yield* staff(1, "viewer")
      const asked = { search: null, filter: "all", after: null, limit: 2 }
      const first = yield* call("admin.mitras", asked)
      assert.deepInclude(first.mitras[0], { mitra_id: ayu.id, is_online: true, sessions: 1, slots: 3 })
      const second = yield* call("admin.mitras", { ...asked, after: first.next })
      assert.lengthOf(second.mitras, 1)
      const account = yield* (yield* Accounts).findMitra(ayu.id)
      const byPhone = yield* call("admin.mitras", { ...asked, search: account?.phone ?? "" })
      assert.deepStrictEqual(byPhone.mitras.map((one: { mitra_id: string }) => one.mitra_id), [ayu.id])
      const customer = yield* call("admin.customer", { find: sari.id })
      assert.deepInclude(customer, { call_name: "Sari", phone_masked: null })
      assert.strictEqual(customer.live_sessions[0].session_id, session_id)
      const { customers } = yield* call("admin.customers", { search: "sa", limit: 10 })
      assert.deepStrictEqual(customers.map((one: { customer_id: string }) => one.customer_id), [sari.id])
      const paid = yield* call("admin.customer_payments", { customer_id: sari.id, limit: 10 })
      assert.strictEqual(paid.payments[0].session_id, session_id)
      assert.strictEqual(yield* refused(call("admin.customer", { find: "nobody" })), "ACCOUNT_NOT_FOUND")
    }).pipe(Effect.provide(office)))

  it.effect("tell who I am, what happened to a session, and how the service is", () =>
    Effect.gen(function*() {
      yield* given
      const { sari, session_id } = yield* chat
      yield* say(sari, session_id, "nobody's business")
      const { call } = yield* staff(1, "operator")
      const me = yield* call("admin.me")
      assert.deepInclude(me, { role: "operator", time_zone: "Asia/Jakarta", is_clock_held: false })
      assert.deepInclude(me.permissions, { resource: "sessions", action: "write" })
      assert.notDeepInclude(me.permissions, { resource: "staff", action: "read" })
      const { entries } = yield* call("admin.session_timeline", { session_id })
      assert.deepStrictEqual(entries.map((one: { type: string }) => one.type), [
        "OffersSent",
        "Paired",
        "MessageSent"
      ])
      assert.notInclude(JSON.stringify(entries), "nobody's business")
      const health = yield* call("admin.health")
      assert.deepInclude(health.postgres, { answers: true })
      assert.deepInclude(health.mirror, { state: "off" })
      assert.isAtLeast(health.mailboxes.depth.max, 1)
      const everything = { staff_id: null, action: null, target_type: null, target_id: null, before: null }
      const { entries: looks } = yield* call("admin.audit_search", { ...everything, limit: 5 })
      assert.deepStrictEqual(looks.map((one: { action: string }) => one.action), ["session.read"])
    }).pipe(Effect.provide(office)))
})

describe("the stream of what is alive", () => {
  it.effect("begins with everything, tells changes, and goes on from a cursor after a cut", () =>
    Effect.scoped(Effect.gen(function*() {
      yield* given
      const { sari, session_id } = yield* chat
      const { watch } = yield* staff(1, "viewer")
      const follow = Effect.fnUntraced(function*(cursor: WatchBatch["cursor"] | null) {
        const batches = yield* Queue.unbounded<WatchBatch>()
        const reading = Stream.runForEach(watch(cursor), (batch) => Queue.offer(batches, batch))
        const fiber = yield* Effect.forkScoped(reading)
        return { batches, fiber }
      })
      const { batches } = yield* follow(null)
      const first = yield* Queue.take(batches)
      assert.deepStrictEqual([first.is_reset, first.is_complete, first.is_fresh], [true, true, true])
      assert.deepStrictEqual(first.sessions.map((one) => one.session_id), [session_id])
      assert.deepInclude(first.counts, { online: 1, active: 1 })
      assert.deepInclude(first.alerts, { stuck: 0, mirror_drift: 2 })
      yield* say(sari, session_id, "hello")
      yield* onlineMitra(2)
      yield* TestClock.adjust("2 seconds")
      const changed = yield* Queue.take(batches)
      assert.isFalse(changed.is_reset)
      assert.strictEqual(changed.sessions[0]?.unread_mitra, 1)
      assert.strictEqual(changed.counts.online, 2)
      const again = yield* Queue.take((yield* follow(first.cursor)).batches)
      assert.deepStrictEqual([again.is_reset, again.sessions.length], [false, 1])
    })).pipe(Effect.provide(office)))
})
