// The figure of a customer's wait for the first word.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { PrometheusMetrics } from "effect/observability"
import type { SessionEvent } from "../../../src/domain/session/events.ts"
import { makeFirstReplyWatch } from "../../../src/services/operations/first-reply.ts"

const paired: SessionEvent = { _tag: "Paired", at: 1_000, mitra_id: "m", mitra_name: "Ayu", ends_at: 9_000 }
const said = (side: "customer" | "mitra", at: number): SessionEvent => ({
  _tag: "MessageSent",
  at,
  message_id: "1",
  client_message_id: "1",
  side,
  sender_id: side,
  body: "halo"
})

const measured = Effect.map(PrometheusMetrics.format(), (text) => {
  const of = (part: string) => Number(new RegExp(`^first_reply_ms_${part} (\\d+)`, "m").exec(text)?.[1] ?? 0)
  return { count: of("count"), sum: of("sum") }
})

describe("a customer's wait for the first word", () => {
  it.effect("is measured once, from the pairing to the mitra's first message", () =>
    Effect.gen(function*() {
      const before = yield* measured
      const watch = makeFirstReplyWatch()
      watch([paired, said("customer", 1_500)])
      assert.deepStrictEqual(yield* measured, before)
      watch([said("mitra", 4_000)])
      watch([said("mitra", 5_000)])
      assert.deepStrictEqual(yield* measured, { count: before.count + 1, sum: before.sum + 3_000 })
    }))

  it.effect("is not guessed by an actor that did not see the pairing", () =>
    Effect.gen(function*() {
      const before = yield* measured
      makeFirstReplyWatch()([said("mitra", 4_000)])
      assert.deepStrictEqual(yield* measured, before)
    }))
})
