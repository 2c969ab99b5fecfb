// One's own data as phones ask for it: an export page by page, and the end of the account. Real handlers and
// machines over memory adapters.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { TestClock } from "effect/testing"
import { Bus } from "../../../../src/services/bus/bus.ts"
import * as Queue from "effect/Queue"
import { newCommand, newPhone, type Phone, refused } from "../../phone.ts"
import { chat, given, order, say } from "../../script.ts"
import { world } from "../../world.ts"

const over = Effect.gen(function*() {
  yield* given
  const met = yield* chat
  for (let n = 0; n < 45; n++) yield* say(met.sari, met.session_id, `word ${n}`)
  return met
})

const end = Effect.fnUntraced(function*(sari: Phone, session_id: string) {
  yield* sari.call("chat.end", { command_id: newCommand(), session_id })
  yield* sari.call("chat.goodbye", { command_id: newCommand(), session_id, text: "bye" })
})

const exportOf = Effect.fnUntraced(function*(phone: Phone) {
  const pages = []
  for (let cursor: string | null = null;;) {
    const page: { readonly next: string | null } = yield* phone.call("account.export", { cursor })
    pages.push(page as Effect.Success<ReturnType<typeof asked>>)
    cursor = page.next
    if (cursor === null) return pages
  }
})
const asked = (phone: Phone) => phone.call("account.export", { cursor: null })

describe("an export", () => {
  it.effect("has the account, its payments and sign-ins, and every word of each chat that is over", () =>
    Effect.gen(function*() {
      const { ayu, payment_id, sari, session_id } = yield* over
      yield* end(sari, session_id)
      const pages = yield* exportOf(sari)
      assert.deepInclude(pages[0]?.account, { user_id: sari.id, name: "Sari", phone: null })
      assert.deepStrictEqual(pages[0]?.account?.payments.map((one) => one.payment_id), [payment_id])
      assert.lengthOf(pages[0]?.account?.sign_ins ?? [], 1)
      const words = pages.flatMap(({ messages }) => messages.map(({ body }) => body))
      assert.deepStrictEqual(words, Array.from({ length: 45 }, (_, n) => `word ${n}`))
      assert.deepStrictEqual([...new Set(pages.map(({ session }) => session?.session_id))], [
        undefined,
        session_id
      ])
      const hers = yield* exportOf(ayu)
      assert.strictEqual(hers[0]?.account?.user_type, "mitra")
      assert.lengthOf(hers.flatMap(({ messages }) => messages), 45)
      assert.isNull(hers[1]?.session?.payment_id)
      assert.strictEqual(yield* refused(sari.call("account.export", { cursor: "what" })), "BAD_REQUEST")
    }).pipe(Effect.provide(world)))
})

describe("deleting an account", () => {
  it.effect("waits for the chat and the order, then ends tokens and sockets at once", () =>
    Effect.scoped(Effect.gen(function*() {
      const { sari, session_id } = yield* over
      const { access_token } = sari.tokens
      const wait = () => refused(sari.call("customer.delete_account", {}))
      assert.strictEqual(yield* wait(), "ACCOUNT_BUSY")
      yield* end(sari, session_id)
      const { payment_id } = yield* order(sari)
      assert.strictEqual(yield* wait(), "ACCOUNT_BUSY")
      yield* sari.call("customer.abandon_payment", { command_id: newCommand(), payment_id })
      const heard = yield* (yield* Bus).subscribe([`customer:${sari.id}`])
      yield* sari.call("customer.delete_account", {})
      const stranger = yield* newPhone
      assert.strictEqual(
        yield* refused(stranger.call("auth.authenticate", { access_token })),
        "TOKEN_INVALID"
      )
      const { refresh_token } = sari.tokens
      assert.strictEqual(yield* refused(stranger.call("auth.refresh", { refresh_token })), "REFRESH_INVALID")
      assert.strictEqual(yield* refused(sari.call("account.export", { cursor: null })), "ACCOUNT_NOT_FOUND")
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual((yield* Queue.take(heard)).event, { _tag: "Revoked", auth_session_id: null })
    })).pipe(Effect.provide(world)))
})
