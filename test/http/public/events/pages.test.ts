// Cutting events into frames: everything once, in order, no page too long or too heavy.
import { assert, describe, it } from "@effect/vitest"
import type { PhoneEvent } from "../../../../src/contract/public/events.ts"
import { instant } from "../../../../src/contract/fields.ts"
import { feedLimits } from "../../../../src/http/public/events/feed-limits.ts"
import { pageWeightMax, takePage, weigh } from "../../../../src/http/public/events/pages.ts"
import { idOf, t0 } from "../../../../testkit/conformance/given.ts"

const message = (seq: number, body: string): PhoneEvent => ({
  _tag: "session",
  session_id: idOf(1),
  seq,
  at: instant(t0),
  fact: {
    kind: "message",
    message: {
      session_id: idOf(1),
      seq,
      message_id: idOf(seq),
      client_message_id: "message-1",
      side: "customer",
      body,
      sent_at: instant(t0)
    }
  }
})

const pagesOf = (events: ReadonlyArray<PhoneEvent>) => {
  const ready = [...events]
  const pages: Array<ReadonlyArray<PhoneEvent>> = []
  while (ready.length > 0) pages.push(takePage(ready, feedLimits))
  return pages
}

describe("pages", () => {
  it("carry every event once, in order, and not too many at a time", () => {
    const events = Array.from({ length: 200 }, (_, seq) => message(seq, "Halo"))
    const pages = pagesOf(events)
    assert.deepStrictEqual(pages.flat(), events)
    assert.deepStrictEqual(pages.map((page) => page.length), [
      ...Array.from({ length: 3 }, () => feedLimits.page_events_max),
      8
    ])
  })

  it("are cut before they are too heavy, but never empty", () => {
    const events = Array.from({ length: 60 }, (_, seq) => message(seq, "x".repeat(4000)))
    const pages = pagesOf(events)
    assert.deepStrictEqual(pages.flat(), events)
    for (const page of pages) {
      assert.isAtMost(page.reduce((sum, event) => sum + weigh(event), 0), pageWeightMax)
    }
    assert.deepStrictEqual(pagesOf([message(1, "x".repeat(16_000))]).length, 1)
    assert.throws(() => takePage([], feedLimits))
  })

  it("stay below the socket's outbound bound of 1 MiB, whatever the characters", () => {
    const bodies = ["\u0001", "\"", "😀", "€", "a"].map((character) => character.repeat(4000))
    for (const body of bodies) {
      const events = Array.from({ length: 100 }, (_, seq) => message(seq, body))
      for (const page of pagesOf(events)) {
        assert.isBelow(Buffer.byteLength(JSON.stringify(page)), 1024 * 1024)
      }
    }
  })
})
