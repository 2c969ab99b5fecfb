// Reads of chats and customers by staff: an entry for each look, with whose it was, and no whole phone.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { AdminApi } from "../../../src/contract/staff/staff-api.ts"
import { auditedReads, needsStepUp, neededBy } from "../../../src/http/internal/permissions.ts"
import { makeReadAudit } from "../../../src/http/internal/staff/step-up.ts"
import { Staff } from "../../../src/services/accounts/staff.ts"
import { idOf, t0 } from "../../../testkit/conformance/given.ts"
import { adapters, colleague, desk } from "./staff-desk.ts"

const rpcs = AdminApi.requests as unknown as ReadonlyMap<string, { payloadSchema: { fields: object } }>
const fieldsOf = (tag: string): ReadonlyArray<string> =>
  Object.keys(rpcs.get(tag)?.payloadSchema.fields ?? {})

describe("a read that is audited", () => {
  it("names a field that its call has", () => {
    for (const [tag, { target }] of Object.entries(auditedReads)) assert.include(fieldsOf(tag), target, tag)
  })

  it.effect("is written down once per look", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(t0)
      const { id } = yield* colleague(1, "viewer")
      const principal = {
        user_type: "staff",
        user_id: id,
        auth_session_id: idOf(0xf1),
        expires_at: t0 * 2
      } as const
      const auditRead = makeReadAudit()
      const read = (tag: string, payload: object) =>
        auditRead(auditedReads[tag]!, payload, principal, "127.0.0.1")
      const look = read("admin.inspect_session", { session_id: idOf(1) })
      yield* look
      yield* TestClock.adjust("5 minutes")
      yield* look
      yield* read("admin.session_timeline", { session_id: idOf(1) })
      yield* TestClock.adjust("5 minutes")
      yield* look
      yield* read("admin.customer", { find: "+6281300000001" })
      const entries = yield* (yield* Staff).auditPage({ before: null, limit: 10 })
      assert.deepStrictEqual(
        entries.map(({ action, staff_id, target_id }) => [action, staff_id, target_id]),
        [
          ["customer.read", id, "+62***001"],
          ["session.read", id, idOf(1)],
          ["session.read", id, idOf(1)]
        ]
      )
    }).pipe(Effect.provide(desk), Effect.provide(adapters)))
})

describe("a step up", () => {
  it("is asked for by calls that exist, and by every call whose name says money, chat or right", () => {
    const heavy = /reroute|force_close|payment_(retry|set|dismiss)|tier_|discount_|staff_(create|set|second)/
    for (const tag of needsStepUp) assert.property(neededBy, tag)
    assert.deepStrictEqual(
      Object.keys(neededBy).filter((tag) => heavy.test(tag) && !needsStepUp.has(tag)),
      []
    )
  })
})
