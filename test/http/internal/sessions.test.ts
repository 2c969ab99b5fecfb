// The control center's calls about chats: giving one to another mitra, the proposals, what is stuck, what is
// past, and how a mitra answers. Real handlers behind their gate, real machines, memory adapters.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { TestClock } from "effect/testing"
import { SessionActors } from "../../../src/actors/session/protocol.ts"
import { AdminSessionRpcs } from "../../../src/contract/staff/sessions.ts"
import { instant } from "../../../src/contract/fields.ts"
import * as Permissions from "../../../src/http/internal/permissions.ts"
import * as SessionHandlers from "../../../src/http/internal/sessions.ts"
import { MemoryTables } from "../../../testkit/memory/store/tables.ts"
import { idOf, t0 } from "../../../testkit/conformance/given.ts"
import { customerPhone, newCommand, refused } from "../phone.ts"
import { colleagueOf } from "./staff-desk.ts"
import { chat, given, onlineMitra, request, say } from "../script.ts"
import { world } from "../world.ts"

const office = Layer.mergeAll(SessionHandlers.layer, Permissions.layer).pipe(
  Layer.provideMerge(world)
)

const gated = AdminSessionRpcs.middleware(Permissions.PermissionGate)

const staff = colleagueOf(gated)

const stage = Effect.gen(function*() {
  yield* given
  const { ayu, sari, session_id } = yield* chat
  const bunga = yield* onlineMitra(2)
  const nina = yield* staff(1, "operator")
  return { ayu, bunga, nina, sari, session_id }
})

const audit = Effect.map(
  MemoryTables,
  (tables) =>
    [...tables.audit_log.values()].map(({ action, staff_id, target_id }) => [action, staff_id, target_id])
)

describe("a hand-over", () => {
  it.effect("is ordered with a list of who has room, answered with the session, audited, and done once", () =>
    Effect.gen(function*() {
      const { ayu, bunga, nina, session_id } = yield* stage
      yield* request(yield* customerPhone("Budi"))
      const { candidates } = yield* nina.call("admin.session_candidates", { session_id, limit: 10 })
      assert.deepStrictEqual(candidates, [
        { mitra_id: bunga.id, mitra_name: "Bestie 2", sessions: 0, languages: ["id"], free_slots: 3 }
      ])
      yield* TestClock.adjust("10 seconds")
      const payload = {
        command_id: newCommand(),
        session_id,
        from_mitra_id: ayu.id,
        mitra_id: bunga.id,
        reason: "she fell ill"
      }
      const answer = yield* nina.call("admin.reroute", payload)
      assert.deepInclude(answer.session, { mitra_id: bunga.id, mitra_name: "Bestie 2", status: "active" })
      assert.deepStrictEqual(answer.assignments, [
        {
          mitra_id: ayu.id,
          mitra_name: "Bestie 1",
          started_at: instant(t0),
          ended_at: instant(t0 + 10_000),
          by_staff_id: null,
          reason: null,
          left_seq: 3
        },
        {
          mitra_id: bunga.id,
          mitra_name: "Bestie 2",
          started_at: instant(t0 + 10_000),
          ended_at: null,
          by_staff_id: nina.id,
          reason: "she fell ill",
          left_seq: null
        }
      ])
      assert.deepInclude(answer.ledger.entries[0], { reason: "paired", charged_ms: 10_000 })
      assert.deepStrictEqual(yield* nina.call("admin.reroute", payload), answer)
      assert.deepStrictEqual(yield* audit, [["session.reroute", nina.id, session_id]])
    }).pipe(Effect.provide(office)))

  it.effect("is refused with its reason, and changes nothing", () =>
    Effect.gen(function*() {
      const { ayu, bunga, nina, sari, session_id } = yield* stage
      const ask = (from: string, to: string, id = session_id) =>
        refused(nina.call("admin.reroute", {
          command_id: newCommand(),
          session_id: id,
          from_mitra_id: from,
          mitra_id: to,
          reason: "ill"
        }))
      assert.strictEqual(yield* ask(ayu.id, ayu.id), "SAME_MITRA")
      assert.strictEqual(yield* ask(bunga.id, bunga.id), "STALE_WRITE")
      assert.strictEqual(yield* ask(ayu.id, idOf(0x99)), "MITRA_NOT_FOUND")
      assert.strictEqual(yield* ask(ayu.id, bunga.id, idOf(0x98)), "SESSION_NOT_FOUND")
      yield* sari.call("chat.end", { command_id: newCommand(), session_id })
      assert.strictEqual(yield* ask(ayu.id, bunga.id), "SESSION_CLOSING")
      yield* sari.call("chat.goodbye", { command_id: newCommand(), session_id, text: "" })
      assert.strictEqual(yield* ask(ayu.id, bunga.id), "SESSION_OVER")
      assert.deepStrictEqual(yield* audit, [])
    }).pipe(Effect.provide(office)))

  it.effect("is not a viewer's to order, who may look all the same", () =>
    Effect.gen(function*() {
      const { ayu, bunga, session_id } = yield* stage
      const vina = yield* staff(2, "viewer")
      const order = {
        command_id: newCommand(),
        session_id,
        from_mitra_id: ayu.id,
        mitra_id: bunga.id,
        reason: "ill"
      }
      assert.strictEqual(yield* refused(vina.call("admin.reroute", order)), "FORBIDDEN")
      const dismissal = { proposal_id: idOf(1), reason: "no" }
      assert.strictEqual(yield* refused(vina.call("admin.dismiss_proposal", dismissal)), "FORBIDDEN")
      yield* vina.call("admin.session_candidates", { session_id, limit: 10 })
    }).pipe(Effect.provide(office)))
})

describe("proposals", () => {
  it.effect("are listed while they wait, dismissed once, and refused when they are decided", () =>
    Effect.gen(function*() {
      const { ayu, nina, session_id } = yield* stage
      yield* ayu.call("mitra.go_offline", { command_id: newCommand() })
      yield* TestClock.adjust("130 seconds")
      const look = Effect.flatMap(SessionActors, (actors) =>
        actors.run(session_id, {
          sender_id: "system",
          command_id: null,
          command: { _tag: "CheckMitra" },
          staff: null
        }))
      yield* look
      const list = (status: string | null) =>
        nina.call("admin.session_proposals", { status, before: null, limit: 10 })
      const { next, proposals } = yield* list("open")
      assert.isNull(next)
      assert.lengthOf(proposals, 1)
      assert.deepInclude(proposals[0], {
        session_id,
        session_status: "active",
        customer_name: "Sari",
        mitra_id: ayu.id,
        cause: "mitra_offline",
        decided_at: null
      })
      const { proposal_id } = proposals[0]
      const dismissal = { proposal_id, reason: "she is on her way" }
      const dismissed = yield* nina.call("admin.dismiss_proposal", dismissal)
      assert.deepInclude(dismissed, {
        status: "dismissed",
        decided_by: nina.id,
        resolution: dismissal.reason
      })
      assert.deepStrictEqual(yield* nina.call("admin.dismiss_proposal", dismissal), dismissed)
      assert.deepStrictEqual(yield* audit, [["proposal.dismiss", nina.id, proposal_id]])
      assert.lengthOf((yield* list("open")).proposals, 0)
      assert.lengthOf((yield* list(null)).proposals, 1)
      yield* ayu.call("mitra.go_online", { command_id: newCommand() })
      yield* look
      yield* ayu.call("mitra.go_offline", { command_id: newCommand() })
      yield* TestClock.adjust("130 seconds")
      yield* look
      const again = (yield* list("open")).proposals[0].proposal_id
      yield* ayu.call("mitra.go_online", { command_id: newCommand() })
      yield* look
      const late = nina.call("admin.dismiss_proposal", { proposal_id: again, reason: "too late" })
      assert.strictEqual(yield* refused(late), "PROPOSAL_DECIDED")
      const unknown = nina.call("admin.dismiss_proposal", { proposal_id: idOf(0x77), reason: "which" })
      assert.strictEqual(yield* refused(unknown), "PROPOSAL_NOT_FOUND")
    }).pipe(Effect.provide(office)))
})

describe("what staff look for", () => {
  it.effect("are stuck sessions, past ones of one person or of all, and how a mitra answers", () =>
    Effect.gen(function*() {
      const { ayu, bunga, nina, sari, session_id } = yield* stage
      yield* say(sari, session_id, "Halo")
      yield* ayu.call("chat.topic", { command_id: newCommand(), session_id, topic: "sensitive" })
      const tables = yield* MemoryTables
      const row = tables.chat_sessions.get(session_id)
      if (row !== undefined) tables.chat_sessions.set(session_id, { ...row, deadline_at: t0 - 60_000 })
      const stuck = (overdue_seconds: number) =>
        nina.call("admin.stuck_sessions", { overdue_seconds, limit: 10 })
      const { sessions } = yield* stuck(30)
      assert.deepInclude(sessions[0], { session_id, status: "active", overdue_ms: 60_000, owner_epoch: 1 })
      assert.lengthOf((yield* stuck(120)).sessions, 0)
      yield* nina.call("admin.reroute", {
        command_id: newCommand(),
        session_id,
        from_mitra_id: ayu.id,
        mitra_id: bunga.id,
        reason: "ill"
      })
      yield* TestClock.adjust("1 second")
      yield* sari.call("chat.end", { command_id: newCommand(), session_id })
      yield* sari.call("chat.goodbye", { command_id: newCommand(), session_id, text: "" })
      const none = { customer_id: null, mitra_id: null, before: null, after: null, limit: 10 }
      for (
        const [who, ended] of [[{ customer_id: sari.id }, 1000], [{ mitra_id: ayu.id }, 0], [
          {},
          1000
        ]] as const
      ) {
        const past = yield* nina.call("admin.past_sessions", { ...none, ...who })
        assert.lengthOf(past.sessions, 1)
        assert.strictEqual(past.newest, `${t0 + ended}_${session_id}`)
      }
      const both = { ...none, customer_id: sari.id, mitra_id: ayu.id }
      assert.strictEqual(yield* refused(nina.call("admin.past_sessions", both)), "BAD_REQUEST")
      const activity = (mitra_id: string) => nina.call("admin.mitra_activity", { mitra_id, days: 7 })
      assert.deepInclude(yield* activity(ayu.id), {
        offers: 1,
        accepted: 1,
        acceptance_rate: 1,
        response_ms_mean: 0,
        chats: 1,
        chats_handed_over: 1
      })
      assert.deepInclude(yield* activity(bunga.id), { acceptance_rate: null, chats: 1, chats_taken_over: 1 })
      assert.strictEqual(yield* refused(activity(idOf(0x99))), "ACCOUNT_NOT_FOUND")
    }).pipe(Effect.provide(office)))
})
