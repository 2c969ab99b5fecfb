// The control center's calls about reports, behind their gate: staff see the cases, read one, decide, and
// lift a pause; each leaves its entry. Real handlers and machines over memory adapters.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { AdminCaseRpcs } from "../../../src/contract/staff/cases.ts"
import * as CaseHandlers from "../../../src/http/internal/cases.ts"
import * as Permissions from "../../../src/http/internal/permissions.ts"
import { MemoryTables } from "../../../testkit/memory/store/tables.ts"
import { idOf } from "../../../testkit/conformance/given.ts"
import { newCommand, refused } from "../phone.ts"
import { chat, given, say } from "../script.ts"
import { world } from "../world.ts"
import { colleagueOf } from "./staff-desk.ts"

const gated = AdminCaseRpcs.middleware(Permissions.PermissionGate)
const desk = Layer.merge(CaseHandlers.layer, Permissions.layer).pipe(Layer.provideMerge(world))
const colleague = colleagueOf(gated)

const reported = Effect.gen(function*() {
  yield* given
  const met = yield* chat
  yield* say(met.ayu, met.session_id, "where do you live")
  const { case_id } = yield* met.sari.call("trust.report", {
    command_id: newCommand(),
    session_id: met.session_id,
    reason: "harassment",
    words: "help",
    also_block: false
  })
  return { ...met, case_id }
})

describe("a case", () => {
  it.effect("is listed, read with its evidence, resolved once, and each step but the list is audited", () =>
    Effect.gen(function*() {
      const { ayu, case_id, session_id } = yield* reported
      const { call } = yield* colleague(1, "operator")
      const page = { before: null, limit: 10 }
      const { cases } = yield* call("admin.cases", { ...page, open: true })
      assert.deepInclude(cases[0], { case_id, session_id, mitra_id: ayu.id, by_side: "customer" })
      assert.notProperty(cases[0], "words")
      const read = yield* call("admin.case", { case_id })
      assert.strictEqual(read.words, "help")
      assert.strictEqual(read.evidence[0].body, "where do you live")
      const decision = { case_id, resolution: "paused", note: "seen the words" }
      assert.deepStrictEqual(yield* call("admin.case_resolve", decision), { resolved: true })
      assert.strictEqual(yield* refused(call("admin.case_resolve", decision)), "ALREADY_RESOLVED")
      assert.isFalse((yield* ayu.call("mitra.heartbeat", {})).is_online, "she is offline at once")
      const online = () => ayu.call("mitra.go_online", { command_id: newCommand() })
      assert.strictEqual(yield* refused(online()), "ACCOUNT_PAUSED")
      const her = { user_type: "mitra", user_id: ayu.id }
      assert.isTrue((yield* call("admin.pause_lift", her)).lifted)
      assert.isFalse((yield* call("admin.pause_lift", her)).lifted)
      assert.isTrue((yield* online()).is_online)
      const actions = [...(yield* MemoryTables).audit_log.values()].map(({ action }) => action)
      assert.deepStrictEqual(actions, ["case.read", "case.resolve", "pause.lift"])
      assert.deepStrictEqual((yield* call("admin.cases", { ...page, open: true })).cases, [])
    }).pipe(Effect.provide(desk)))

  it.effect("that is not there is told so, and a viewer reads none", () =>
    Effect.gen(function*() {
      const { case_id } = yield* reported
      const viewer = yield* colleague(1, "viewer")
      assert.strictEqual(yield* refused(viewer.call("admin.case", { case_id })), "FORBIDDEN")
      const { call } = yield* colleague(2, "admin")
      assert.strictEqual(yield* refused(call("admin.case", { case_id: idOf(9) })), "NOT_FOUND")
      const decision = { case_id: idOf(9), resolution: "warned", note: "none" }
      assert.strictEqual(yield* refused(call("admin.case_resolve", decision)), "NOT_FOUND")
    }).pipe(Effect.provide(desk)))
})

describe("a mitra who leaves", () => {
  it.effect("is deleted once her chats are over, deactivated first, and audited", () =>
    Effect.gen(function*() {
      const { ayu, sari, session_id } = yield* reported
      const { call } = yield* colleague(1, "admin")
      const leave = () => call("admin.mitra_delete", { command_id: newCommand(), mitra_id: ayu.id })
      assert.strictEqual(yield* refused(leave()), "ACCOUNT_BUSY")
      yield* sari.call("chat.end", { command_id: newCommand(), session_id })
      yield* sari.call("chat.goodbye", { command_id: newCommand(), session_id, text: "bye" })
      assert.deepStrictEqual(yield* leave(), { deleted: true })
      const { audit_log, mitras } = yield* MemoryTables
      assert.deepInclude(mitras.get(ayu.id), { display_name: "-", is_active: false })
      assert.includeMembers([...audit_log.values()].map(({ action }) => action), [
        "mitra.deactivate",
        "mitra.delete"
      ])
      const operator = yield* colleague(2, "operator")
      const again = { command_id: newCommand(), mitra_id: ayu.id }
      assert.strictEqual(yield* refused(operator.call("admin.mitra_delete", again)), "FORBIDDEN")
    }).pipe(Effect.provide(desk)))
})
