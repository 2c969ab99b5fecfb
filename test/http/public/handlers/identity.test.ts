// Who may call what: every call of the contract without an identity, with the wrong one, and with
// another person's session. Real handlers over memory adapters.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { PublicApi } from "../../../../src/contract/public/public-api.ts"
import type { CallError } from "../../../../src/contract/errors.ts"
import { idOf } from "../../../../testkit/conformance/given.ts"
import { customerPhone, mitraPhone, newCommand, newPhone, refused } from "../../phone.ts"
import { chat, given, onlineMitra, phoneOf, request } from "../../script.ts"
import { world } from "../../world.ts"

const session_id = idOf(0x999)
const command_id = "command-of-this-test"

/** A well-formed payload for every call that needs an identity. */
const payloads: Record<string, object> = {
  "customer.pricing": {},
  "customer.create_payment": { command_id, tier_id: "chat-5", topic: "regular" },
  "customer.payment_status": { payment_id: idOf(1) },
  "customer.pending_payments": {},
  "customer.availability": {},
  "customer.request_status": { session_id },
  "customer.retry_request": { command_id, payment_id: idOf(1) },
  "customer.abandon_payment": { command_id, payment_id: idOf(1) },
  "customer.cancel": { command_id, session_id },
  "mitra.go_online": { command_id },
  "mitra.go_offline": { command_id },
  "mitra.heartbeat": {},
  "mitra.accept": { command_id, session_id },
  "mitra.offer_seen": { session_id },
  "mitra.decline": { command_id, session_id },
  "mitra.answer_extension": { command_id, session_id, extension_seq: 3, approve: true },
  "mitra.requests": { before: null, limit: 10 },
  "chat.send": { session_id, client_message_id: command_id, body: "Halo" },
  "chat.history": { session_id, before_seq: null, after_seq: null, limit: 10 },
  "chat.sessions": { before: null, limit: 10 },
  "chat.unread": {},
  "chat.delivered": { session_id, seq: 1 },
  "chat.read": { session_id, seq: 1 },
  "chat.typing": { session_id },
  "chat.topic": { command_id, session_id, topic: "sensitive" },
  "chat.request_extension": { command_id, session_id, tier_id: "chat-5" },
  "chat.end": { command_id, session_id },
  "chat.goodbye": { command_id, session_id, text: "Terima kasih" },
  "devices.register": { token: "a-push-token", platform: "android" },
  "devices.drop": { token: "a-push-token" },
  "account.export": { cursor: null },
  "customer.delete_account": {},
  "trust.block": { session_id },
  "trust.unblock": { block_id: idOf(1) },
  "trust.blocks": {},
  "trust.report": { command_id, session_id, reason: "spam", words: "", also_block: false }
}

type AnyCall = (tag: string, payload: object) => Effect.Effect<unknown, CallError>
const callsOf = (phone: { readonly call: unknown }) => phone.call as AnyCall

describe("a call", () => {
  it("of every kind is in this test, so that a new one cannot be forgotten", () => {
    const tags = [...PublicApi.requests.keys()].filter((tag) => !tag.startsWith("auth."))
    assert.sameMembers(tags, [...Object.keys(payloads), "events.subscribe", "customer.watch_availability"])
  })

  it.effect("without an identity is told to sign in", () =>
    Effect.gen(function*() {
      const phone = yield* newPhone
      for (const [tag, payload] of Object.entries(payloads)) {
        assert.strictEqual(yield* refused(callsOf(phone)(tag, payload)), "NOT_SIGNED_IN", tag)
      }
      assert.strictEqual(yield* refused(Stream.runDrain(phone.stream())), "NOT_SIGNED_IN")
      assert.strictEqual(yield* refused(Stream.runDrain(phone.watchAvailability())), "NOT_SIGNED_IN")
    }).pipe(Effect.provide(world)))

  it.effect("after the token has run out is told to sign in", () =>
    Effect.gen(function*() {
      const sari = yield* customerPhone("Sari")
      yield* sari.call("customer.pricing", {})
      sari.signOut()
      assert.strictEqual(yield* refused(sari.call("customer.pricing", {})), "NOT_SIGNED_IN")
    }).pipe(Effect.provide(world)))

  it.effect("of a mitra by a customer, or of a customer by a mitra, is forbidden", () =>
    Effect.gen(function*() {
      yield* given
      const sari = yield* customerPhone("Sari")
      const ayu = yield* mitraPhone(phoneOf(1))
      for (const [tag, payload] of Object.entries(payloads)) {
        if (tag.startsWith("mitra.")) {
          assert.strictEqual(yield* refused(callsOf(sari)(tag, payload)), "FORBIDDEN", tag)
        }
        if (tag.startsWith("customer.")) {
          assert.strictEqual(yield* refused(callsOf(ayu)(tag, payload)), "FORBIDDEN", tag)
        }
      }
      assert.strictEqual(yield* refused(Stream.runDrain(ayu.watchAvailability())), "FORBIDDEN")
    }).pipe(Effect.provide(world)))

  it.effect("that reads somebody else's session is answered as if there were none", () =>
    Effect.gen(function*() {
      yield* given
      const { session_id: theirs } = yield* chat
      const budi = yield* customerPhone("Budi")
      const bunga = yield* onlineMitra(2)
      const history = { before_seq: null, after_seq: null, limit: 10 }
      for (const stranger of [budi, bunga]) {
        const there = yield* Effect.flip(stranger.call("chat.history", { ...history, session_id: theirs }))
        const nowhere = yield* Effect.flip(stranger.call("chat.history", { ...history, session_id }))
        const blind = (error: CallError) =>
          JSON.stringify(error).replaceAll(/018f[0-9a-f-]+|[0-9a-f-]{36}/g, "id")
        assert.strictEqual(blind(there), blind(nowhere))
        assert.strictEqual(
          yield* refused(stranger.call("chat.typing", { session_id: theirs })),
          "SESSION_NOT_FOUND"
        )
      }
      const status = budi.call("customer.request_status", { session_id: theirs })
      assert.strictEqual(yield* refused(status), "SESSION_NOT_FOUND")
    }).pipe(Effect.provide(world)))

  it.effect("that would change somebody else's session is refused and changes nothing", () =>
    Effect.gen(function*() {
      yield* given
      const { sari, session_id } = yield* chat
      const before = yield* sari.call("customer.request_status", { session_id })
      const budi = yield* customerPhone("Budi")
      const bunga = yield* onlineMitra(2)
      for (const stranger of [budi, bunga]) {
        for (const [tag, payload] of Object.entries(payloads)) {
          if (!/^chat\.(send|delivered|read|topic|end|goodbye)$/.test(tag)) continue
          const attempt = callsOf(stranger)(tag, { ...payload, session_id })
          assert.strictEqual(yield* refused(attempt), "NOT_A_PARTICIPANT", tag)
        }
      }
      assert.strictEqual(
        yield* refused(budi.call("customer.cancel", { command_id: newCommand(), session_id })),
        "NOT_A_PARTICIPANT"
      )
      assert.strictEqual(
        yield* refused(bunga.call("mitra.accept", { command_id: newCommand(), session_id })),
        "OFFER_NOT_FOUND"
      )
      assert.deepStrictEqual(yield* sari.call("customer.request_status", { session_id }), before)
    }).pipe(Effect.provide(world)))

  it.effect("for a session that never was is told so", () =>
    Effect.gen(function*() {
      yield* given
      const sari = yield* customerPhone("Sari")
      for (const tag of ["chat.send", "chat.history", "chat.typing", "chat.end", "customer.request_status"]) {
        assert.strictEqual(yield* refused(callsOf(sari)(tag, payloads[tag] ?? {})), "SESSION_NOT_FOUND", tag)
      }
    }).pipe(Effect.provide(world)))

  it.effect("about somebody else's payment is answered as if there were none", () =>
    Effect.gen(function*() {
      yield* given
      const sari = yield* customerPhone("Sari")
      const budi = yield* customerPhone("Budi")
      const { payment_id } = yield* request(sari)
      const attempt = budi.call("customer.payment_status", { payment_id })
      assert.strictEqual(yield* refused(attempt), "PAYMENT_NOT_FOUND")
    }).pipe(Effect.provide(world)))
})
