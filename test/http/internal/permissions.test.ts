// Who may make which call of the control center: the table covers every call, and the gate asks it every
// time.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { AdminApi } from "../../../src/contract/staff/staff-api.ts"
import { AdminAccountRpcs } from "../../../src/contract/staff/accounts.ts"
import { AdminPushRpcs } from "../../../src/contract/staff/pushes.ts"
import { isAllowed, roles } from "../../../src/domain/staff.ts"
import { neededBy } from "../../../src/http/internal/permissions.ts"
import { MemoryTables } from "../../../testkit/memory/store/tables.ts"
import { idOf } from "../../../testkit/conformance/given.ts"
import { refused } from "../phone.ts"
import { colleague, desk, seat } from "./staff-desk.ts"

/** A well-formed payload for every call of the desk. */
const payloads: Readonly<Record<string, object>> = {
  "admin.roles": {},
  "admin.staff_list": {},
  "admin.staff_create": { email: "new@halobestie.local", password: "a-long-password", role: "viewer" },
  "admin.staff_set_role": { staff_id: idOf(0x77), role: "viewer" },
  "admin.staff_set_active": { staff_id: idOf(0x77), is_active: false },
  "admin.mitra_create": { display_name: "Dara", phone: "+628110000009" },
  "admin.mitra_rename": { mitra_id: idOf(0x77), display_name: "Dara" },
  "admin.mitra_profile": { mitra_id: idOf(0x77), languages: ["en"], topics: ["regular"] },
  "admin.push_outbox": {},
  "admin.push_dead_letters": { before: null, limit: 10 },
  "admin.push_replay": { command_id: "replay-everything", push_id: null },
  "admin.push_costs": { days: 7 },
  "admin.test_numbers": {},
  "admin.test_number_put": { phone: "+6281300000001", code: "123456" },
  "admin.test_number_remove": { phone: "+6281300000001" }
}

describe("the table of permissions", () => {
  it("has every call of the control center and no other", () => {
    assert.sameMembers(Object.keys(neededBy), [...AdminApi.requests.keys()])
  })

  it("leaves only the two calls of signing in to anybody", () => {
    const open = Object.entries(neededBy).filter(([, needed]) => needed === "anybody").map(([tag]) => tag)
    assert.sameMembers(open, ["admin.sign_in", "admin.authenticate"])
  })

  it("needs a write for every call whose name says that it changes something", () => {
    const changing =
      /create|put|write|remove|rename|set|activate|force|reseed|reroute|retry|dismiss|replay|drain/
    for (const [tag, needed] of Object.entries(neededBy)) {
      if (needed === "anybody" || !changing.test(tag.replace("settings_read", ""))) continue
      assert.strictEqual(needed.action, "write", tag)
    }
  })
})

describe("the gate", () => {
  it("is tried with every account and push call", () => {
    const calls = AdminAccountRpcs.merge(AdminPushRpcs)
    assert.sameMembers(Object.keys(payloads), [...calls.requests.keys()])
  })

  it.effect("refuses callers who are not signed in, or are signed in as an unknown account", () =>
    Effect.gen(function*() {
      for (const who of [null, idOf(0x99)]) {
        const call = yield* seat(who)
        for (const [tag, payload] of Object.entries(payloads)) {
          assert.strictEqual(yield* refused(call(tag, payload)), "NOT_SIGNED_IN", tag)
        }
      }
    }).pipe(Effect.provide(desk)))

  it.effect("lets each role pass to what its row of the table says, and to nothing else", () =>
    Effect.gen(function*() {
      for (const [n, role] of roles.entries()) {
        const { call } = yield* colleague(n + 1, role)
        for (const [tag, payload] of Object.entries(payloads)) {
          const needed = neededBy[tag]
          if (needed === undefined || needed === "anybody") return assert.fail(tag)
          const answer = yield* Effect.exit(refused(call(tag, payload)))
          const code = answer._tag === "Success" ? answer.value : "let in"
          assert.strictEqual(code === "FORBIDDEN", !isAllowed(role, needed), `${role} ${tag}: ${code}`)
        }
      }
    }).pipe(Effect.provide(desk)))

  it.effect("asks afresh each time: a changed role and a deactivation count at once", () =>
    Effect.gen(function*() {
      const { call, id } = yield* colleague(1, "admin")
      const { staff } = yield* MemoryTables
      const change = (what: object) => staff.set(id, { ...staff.get(id)!, ...what })
      yield* call("admin.staff_list")
      change({ role: "viewer" })
      assert.strictEqual(yield* refused(call("admin.staff_list")), "FORBIDDEN")
      change({ role: "admin", is_active: false })
      assert.strictEqual(yield* refused(call("admin.staff_list")), "NOT_SIGNED_IN")
    }).pipe(Effect.provide(desk)))
})
