// The Fazpass client against a local stand-in that is slow, broken, unwilling or gone. Real HTTP, real time.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { FetchHttpClient } from "effect/http"
import * as Fazpass from "../../../src/layers/accounts/code-sender.fazpass.ts"
import { CodeSender } from "../../../src/services/accounts/code-sender.ts"
import { type Asked, type Doing, httpDouble } from "../../support/http-double.ts"

const timings = { attempt_max_ms: 300, retry_after_ms: 10, failures_before_open: 3, open_ms: 400 }

/** As their documentation shows it. */
const taken: Doing = {
  status: 200,
  body: { status: true, message: "ok", code: "2000200", data: { id: "1" } }
}
const refused: Doing = { status: 200, body: { status: false, message: "no such gateway", code: "4000404" } }
const broken: Doing = { status: 500, body: { status: false } }

const channelOf = (asked: Asked): string => asked.body?.gateway_key === "wa-key" ? "whatsapp" : "sms"

type Send = (phone: string, code: string) => Effect.Effect<string>

const withFazpass = <A>(
  decide: (channel: string, nth: number) => Doing,
  story: (send: Send, channels: () => ReadonlyArray<string>, asked: ReadonlyArray<Asked>) => Effect.Effect<A>,
  keys = "wa-key, sms-key"
) =>
  Effect.gen(function*() {
    const { asked, url } = yield* httpDouble((one, nth) => decide(channelOf(one), nth))
    const layer = Fazpass.layer({
      base_url: `${url}/`,
      merchant: Redacted.make("merchant-key"),
      keys: Redacted.make(keys),
      timings
    }).pipe(Layer.provide(FetchHttpClient.layer))
    return yield* Effect.gen(function*() {
      const sender = yield* CodeSender
      const send: Send = (phone, code) =>
        sender.send(phone, code).pipe(Effect.as("sent"), Effect.catch((error) => Effect.succeed(error._tag)))
      return yield* story(send, () => asked.map(channelOf), asked)
    }).pipe(Effect.provide(layer))
  })

const phone = "+6281300000001"
const send = (one: Send) => one(phone, "123456")

describe("Fazpass", () => {
  it.live("is asked once, on WhatsApp, with the merchant's token, the phone and the code", () =>
    withFazpass(() => taken, (one, _channels, asked) =>
      Effect.gen(function*() {
        assert.strictEqual(yield* send(one), "sent")
        assert.lengthOf(asked, 1)
        assert.deepInclude(asked[0], { method: "POST", path: "/v1/otp/send" })
        assert.strictEqual(asked[0]?.headers.authorization, "Bearer merchant-key")
        assert.deepStrictEqual(asked[0]?.body, {
          phone: "6281300000001",
          gateway_key: "wa-key",
          otp: "123456"
        })
      })))

  it.live("is asked once more on the same channel when it broke down", () =>
    withFazpass((_, nth) => nth === 1 ? broken : taken, (one, channels) =>
      Effect.gen(function*() {
        assert.strictEqual(yield* send(one), "sent")
        assert.deepStrictEqual(channels(), ["whatsapp", "whatsapp"])
      })))

  it.live("is asked for an SMS when WhatsApp stays broken, hangs up or answers nonsense", () =>
    Effect.forEach(
      [broken, "hang up", { status: 200, body: "<html>" }, { status: 429, body: {} }] as const,
      (no) =>
        withFazpass(
          (channel) => channel === "whatsapp" ? no : taken,
          (one, channels) =>
            Effect.gen(function*() {
              assert.strictEqual(yield* send(one), "sent")
              assert.deepStrictEqual(channels(), ["whatsapp", "whatsapp", "sms"])
            })
        )
    ))

  it.live("is asked for an SMS at once when WhatsApp says no: asking again would change nothing", () =>
    Effect.forEach(
      [refused, { status: 401, body: {} }, { status: 404, body: {} }],
      (no) =>
        withFazpass(
          (channel) => channel === "whatsapp" ? no : taken,
          (one, channels) =>
            Effect.gen(function*() {
              assert.strictEqual(yield* send(one), "sent")
              assert.deepStrictEqual(channels(), ["whatsapp", "sms"])
            })
        )
    ))

  it.live("is asked for an SMS when WhatsApp is silent or late, and its late answer harms nobody", () =>
    Effect.forEach(
      ["silence", { ...taken, after_ms: 400 }] as ReadonlyArray<Doing>,
      (slow) =>
        withFazpass(
          (channel) => channel === "whatsapp" ? slow : taken,
          (one, channels) =>
            Effect.gen(function*() {
              const began = performance.now()
              assert.strictEqual(yield* send(one), "sent")
              assert.isBelow(performance.now() - began, 2 * timings.attempt_max_ms)
              assert.deepStrictEqual(channels(), ["whatsapp", "sms"])
              yield* Effect.sleep("200 millis")
            })
        )
    ))

  it.live("is given up in bounded time when both channels fail, and there may be only one", () =>
    Effect.gen(function*() {
      yield* withFazpass(() => "silence", (one, channels) =>
        Effect.gen(function*() {
          const began = performance.now()
          assert.strictEqual(yield* send(one), "Unavailable")
          assert.isBelow(performance.now() - began, 4 * timings.attempt_max_ms)
          assert.deepStrictEqual(channels(), ["whatsapp", "sms"])
        }))
      yield* withFazpass(() => broken, (one, channels) =>
        Effect.gen(function*() {
          assert.strictEqual(yield* send(one), "Unavailable")
          assert.deepStrictEqual(channels(), ["whatsapp", "whatsapp"])
        }), "wa-key")
    }))

  it.live("is unavailable when nobody listens there", () =>
    Effect.gen(function*() {
      const gone = yield* Effect.scoped(httpDouble(() => taken))
      const layer = Fazpass.layer({
        base_url: gone.url,
        merchant: Redacted.make("merchant-key"),
        keys: Redacted.make("wa-key,sms-key"),
        timings
      }).pipe(Layer.provide(FetchHttpClient.layer))
      const error = yield* Effect.flip(Effect.provide(
        Effect.flatMap(CodeSender, (sender) => sender.send(phone, "123456")),
        layer
      ))
      assert.strictEqual(error._tag, "Unavailable")
    }))
})

describe("the breaker of a channel", () => {
  it.live("leaves a channel that keeps failing out for a while, then lets it back", () => {
    let isWell = false
    return withFazpass(
      (channel) => channel === "sms" || isWell ? taken : broken,
      (one, channels) =>
        Effect.gen(function*() {
          for (let n = 0; n < timings.failures_before_open; n++) yield* send(one)
          const before = channels().length
          assert.strictEqual(yield* send(one), "sent")
          assert.deepStrictEqual(channels().slice(before), ["sms"], "WhatsApp is not even asked")
          isWell = true
          yield* Effect.sleep(timings.open_ms + 50)
          yield* send(one)
          assert.strictEqual(channels().at(-1), "whatsapp")
        })
    )
  })

  it.live("does not open because single phones are refused", () =>
    withFazpass((channel) => channel === "sms" ? taken : refused, (one, channels) =>
      Effect.gen(function*() {
        for (let n = 0; n < timings.failures_before_open + 2; n++) yield* send(one)
        assert.lengthOf(
          channels().filter((channel) => channel === "whatsapp"),
          timings.failures_before_open + 2
        )
      })))
})
