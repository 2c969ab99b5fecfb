// Limits for strangers: what an address, a person and all of them together may ask for, and that what a
// person does every day is far from it.
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import { TestClock } from "effect/testing"
import { Refusal } from "../../../src/domain/refusal.ts"
import { networkOf } from "../../../src/http/public/networks.ts"
import { makePace } from "../../../src/http/paces.ts"
import { masked, tellRateLimited } from "../../../src/http/security-events.ts"
import {
  Quotas,
  quotas,
  quotasWith,
  withinGuesses,
  withinNetwork,
  withinRange
} from "../../../src/http/public/quotas.ts"
import * as RateLimitsMemory from "../../../src/layers/platform/rate-limits.local.ts"
import { Checkout } from "../../../src/services/payments/checkout.ts"
import { valueOf } from "../../../src/services/operations/figures.ts"
import { atOnce, times } from "../../../testkit/conformance/given.ts"
import { customerPhone, newCommand, newPhone } from "../phone.ts"
import { given, onlineMitra, order, request } from "../script.ts"
import { adapters, handlersOver, world } from "../world.ts"

/** Takes a moment to make an invoice, as they do. */
const slowProvider = handlersOver(Layer.merge(
  adapters,
  Layer.succeed(Checkout)({
    provider: "builtin",
    open: () => Effect.as(Effect.sleep("1 second"), "https://checkout.example/1"),
    check: () => Effect.succeed({ _tag: "Open" }),
    close: () => Effect.succeed({ _tag: "Over" })
  })
))

const codeOf = (error: unknown): string => error instanceof Refusal ? error.code : "no refusal"
const retryAfterOf = (error: unknown): number =>
  error instanceof Refusal ? Number(error.details["retry_after_seconds"]) : Number.NaN

describe("a flood of refusals", () => {
  it.effect("is counted whole and leaves a few lines, of one and of all together", () => {
    const lines: Array<unknown> = []
    const logged = Logger.layer([Logger.make(({ message }) => void lines.push(message))])
    const flood = Effect.forEach(
      times(1_000),
      (n) => tellRateLimited("a_test", n < 500 ? "203.0.113.7" : `198.51.100.${n}`),
      { discard: true }
    )
    return Effect.gen(function*() {
      const before = valueOf("limit_refusals_total", ["a_test"])
      yield* flood
      assert.strictEqual(valueOf("limit_refusals_total", ["a_test"]), before + 1_000)
      assert.isAtLeast(lines.length, 1)
      assert.isAtMost(lines.length, 60)
    }).pipe(Effect.provide(logged))
  })
})

describe("who is told of in a log", () => {
  it.each([
    ["customer:019b76da-a87b-7534-a423-78878ea53ab2", "customer:...a53ab2"],
    ["019b76da-a87b-7534-a423-78878ea53ab2/mitra", "...a53ab2/mitra"],
    ["+6281234567890", "+62***890"],
    ["+6281234567890/203.0.113.7", "+62***890/203.0.113.x"],
    ["10.0.0.1", "10.0.0.x"],
    ["2001:db8:1:2::/64", "2001:db8:1:x"],
    ["everybody", "everybody"]
  ])("%s is %s", (who, shown) => {
    assert.strictEqual(masked(who), shown)
  })
})

describe("the network of an address", () => {
  it.each([
    ["203.0.113.7", "203.0.113.7"],
    ["::ffff:203.0.113.7", "203.0.113.7"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:DB8:1:2::9", "2001:db8:1:2::/64"],
    ["2001:0db8::1", "2001:db8:0:0::/64"],
    ["2001:db8:1:2::/64", "2001:db8:1:2::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["unknown", "unknown"]
  ])("of %s is %s", (address, network) => {
    assert.strictEqual(networkOf(address), network)
  })
})

describe("a pace", () => {
  it("gives its burst at once, then so many a second, and says how long to wait", () => {
    const wait = makePace({ burst: 2, per_second: 2 })
    assert.deepStrictEqual(times(3).map(() => wait("sari", 0)), [0, 0, 500])
    assert.strictEqual(wait("bela", 0), 0)
    assert.strictEqual(wait("sari", 500), 0)
    assert.strictEqual(wait("sari", 500), 500)
  })
})

describe("a quota by network", () => {
  const few = Layer.merge(
    RateLimitsMemory.layer,
    Layer.succeed(Quotas)({
      ...quotas,
      sign_ups_per_network: { ...quotas.sign_ups_per_network, asks_max: 2 }
    })
  )
  const ask = (address: string) => withinNetwork("sign_ups_per_network", address)

  it.effect("counts an IPv6 /64 as one, says when to come back, and asks nothing of this machine", () =>
    Effect.gen(function*() {
      yield* ask("2001:db8:1:2::1")
      yield* ask("2001:db8:1:2::2")
      const refusal = yield* Effect.flip(ask("2001:db8:1:2::3"))
      assert.strictEqual(refusal.code, "RATE_LIMITED")
      assert.strictEqual(refusal.details["retry_after_seconds"], 3600)
      yield* ask("2001:db8:1:3::1")
      for (const _ of times(9)) yield* ask("127.0.0.1")
    }).pipe(Effect.provide(few)))
})

describe("a stranger", () => {
  it.effect("gets as many accounts as a street of phones needs, and no more", () =>
    Effect.gen(function*() {
      const phone = yield* newPhone
      const signUp = phone.call("auth.sign_in_anonymous", { call_name: "Sari" })
      const { asks_max } = quotas.sign_ups_per_network_minute
      for (const _ of times(asks_max)) yield* signUp
      assert.strictEqual(codeOf(yield* Effect.flip(signUp)), "RATE_LIMITED")
    }).pipe(Effect.scoped, Effect.provide(world)))

  it.effect("is told of sessions that are not theirs without waking one, and not for ever", () =>
    Effect.gen(function*() {
      const phone = yield* customerPhone("Mallory")
      const send = Effect.suspend(() =>
        phone.call("chat.send", {
          session_id: "019b76da-a87b-7534-a423-78878ea53ab2",
          client_message_id: newCommand(),
          body: "hi"
        })
      )
      const answers = yield* Effect.forEach(times(40), () => Effect.flip(send))
      const codes = answers.map(codeOf)
      assert.strictEqual(codes[0], "SESSION_NOT_FOUND")
      assert.strictEqual(codes.at(-1), "RATE_LIMITED")
    }).pipe(Effect.scoped, Effect.provide(world)))

  it.effect("names chats of others to type in no faster than to write in", () =>
    Effect.gen(function*() {
      yield* given
      const mallory = yield* customerPhone("Mallory")
      const bunga = yield* onlineMitra(1)
      const typing = { session_id: "019b76da-a87b-7534-a423-78878ea53ab2" }
      const accepting = { ...typing, command_id: newCommand() }
      for (const name of [mallory.call("chat.typing", typing), bunga.call("mitra.accept", accepting)]) {
        const answers = yield* Effect.forEach(times(40), () => Effect.flip(name))
        assert.strictEqual(codeOf(answers.at(-1)), "RATE_LIMITED")
        assert.isAbove(retryAfterOf(answers.at(-1)), 0)
      }
    }).pipe(Effect.scoped, Effect.provide(world)))

  it.effect("orders no more from one network than a town does, whatever account it is", () =>
    Effect.gen(function*() {
      yield* given
      yield* order(yield* customerPhone("Sari"))
      const refusal = yield* Effect.flip(order(yield* customerPhone("Bela")))
      assert.strictEqual(codeOf(refusal), "RATE_LIMITED")
      assert.strictEqual((refusal as Refusal).details["limit"], "orders_network")
      assert.isAbove(retryAfterOf(refusal), 0)
    }).pipe(
      Effect.scoped,
      Effect.provide(world),
      Effect.provideService(Quotas, quotasWith(quotas, { orders_network: [1] }))
    ))

  it.effect("leaves five payments open and no sixth", () =>
    Effect.gen(function*() {
      yield* given
      const phone = yield* customerPhone("Sari")
      const { open_orders_per_customer } = quotas
      const orders = yield* Effect.forEach(times(open_orders_per_customer), () => order(phone))
      const sixth = yield* Effect.flip(order(phone))
      assert.strictEqual(codeOf(sixth), "TOO_MANY_OPEN_PAYMENTS")
      assert.isAbove(retryAfterOf(sixth), 0)
      const { payment_id } = orders[0]!
      yield* phone.call("customer.abandon_payment", { command_id: newCommand(), payment_id })
      yield* order(phone)
    }).pipe(Effect.scoped, Effect.provide(world)))

  it.effect("asks all mitras again with one payment ten times a minute and no oftener", () =>
    Effect.gen(function*() {
      yield* given
      const sari = yield* customerPhone("Sari")
      yield* onlineMitra(1)
      const { payment_id, session_id } = yield* request(sari)
      yield* sari.call("customer.cancel", { command_id: newCommand(), session_id })
      const again = Effect.gen(function*() {
        const found = yield* sari.call("customer.retry_request", { command_id: newCommand(), payment_id })
        yield* sari.call("customer.cancel", { command_id: newCommand(), session_id: found.session_id })
      })
      yield* Effect.forEach(times(quotas.requests_again_minute.asks_max), () => again)
      const refusal = yield* Effect.flip(again)
      assert.strictEqual(codeOf(refusal), "RATE_LIMITED")
      assert.isAbove(retryAfterOf(refusal), 0)
    }).pipe(Effect.scoped, Effect.provide(world)))

  it.effect("leaves no sixth payment open either when many are ordered at one moment", () =>
    Effect.gen(function*() {
      yield* given
      const phone = yield* customerPhone("Sari")
      const ordering = yield* Effect.forkChild(atOnce(times(12).map(() => Effect.exit(order(phone)))))
      yield* TestClock.adjust("1 second")
      const outcomes = yield* Fiber.join(ordering)
      assert.strictEqual(outcomes.filter(Exit.isSuccess).length, quotas.open_orders_per_customer)
      for (const outcome of outcomes.filter(Exit.isFailure)) {
        assert.isAbove(retryAfterOf(Cause.squash(outcome.cause)), 0)
      }
    }).pipe(Effect.scoped, Effect.provide(slowProvider)))

  it.effect("has codes sent to so many phones of one range of numbers, from however many networks", () =>
    Effect.gen(function*() {
      const { asks_max } = quotas.codes_per_range
      const ask = (n: number) =>
        withinRange(`+6281234${String(n).padStart(4, "0")}`, `203.0.${n % 250}.${n % 200}`)
      yield* Effect.forEach(times(asks_max), ask)
      assert.strictEqual(codeOf(yield* Effect.flip(ask(asks_max))), "RATE_LIMITED")
      yield* withinRange("+6281235000", "203.0.113.9")
    }).pipe(Effect.provide(RateLimitsMemory.layer)))

  it.effect("guesses at a phone's codes ever more slowly, and only from their own network", () =>
    Effect.gen(function*() {
      const guess = (address = "203.0.113.7") => withinGuesses("+6281234567890", address)
      const wait = Effect.map(Effect.flip(guess()), retryAfterOf)
      yield* Effect.forEach(times(8), () => guess())
      assert.isAtMost(yield* wait, 60)
      yield* guess("203.0.113.8")
      yield* TestClock.adjust("1 minute")
      yield* Effect.forEach(times(4), () => guess())
      assert.isAbove(yield* wait, 60)
      yield* TestClock.adjust("10 minutes")
      yield* Effect.forEach(times(8), () => guess())
      yield* TestClock.adjust("1 minute")
      assert.isAbove(yield* wait, 600)
    }).pipe(Effect.provide(RateLimitsMemory.layer)))

  it.effect("has a code sent only to phones of the countries that are served", () =>
    Effect.gen(function*() {
      const phone = yield* customerPhone("Sari")
      const ask = (number: string) =>
        phone.call("auth.request_code", { phone: number, user_type: "customer" })
      const counted = () => valueOf("limit_refusals_total", ["code_countries"])
      const before = counted()
      const refusal = yield* Effect.flip(ask("+881612345678"))
      assert.strictEqual(codeOf(refusal), "PHONE_NOT_SERVED")
      assert.strictEqual(retryAfterOf(refusal), 86_400)
      assert.strictEqual(counted(), before + 1)
      yield* ask("+6281200000123")
    }).pipe(Effect.scoped, Effect.provide(world)))
})
