// What is due for a connection at an instant: nothing, a ping, a close with its reason, or the final cut.
import { assert, describe, it } from "@effect/vitest"
import { closeCodes } from "../../../src/contract/close-codes.ts"
import { publicLimits } from "../../../src/http/socket/limits.ts"
import { dueOf, type Watched } from "../../../src/http/socket/watch.ts"

const fresh: Watched = {
  heard_at: 0,
  pinged_at: 0,
  unheard_since: null,
  closing_since: null,
  token_expires_at: null,
  nobody: null,
  is_behind: false
}
const due = (watched: Partial<Watched>, wireNow: number, now = 0) =>
  dueOf({ ...fresh, ...watched }, wireNow, now, publicLimits)

describe("what is due for a connection", () => {
  it("is nothing for the first 20 s, then a ping", () => {
    assert.deepStrictEqual(due({}, 19_999), { _tag: "Nothing" })
    assert.deepStrictEqual(due({}, 20_000), { _tag: "Ping" })
    assert.deepStrictEqual(due({ pinged_at: 20_000 }, 39_999), { _tag: "Nothing" })
  })

  it("is no ping for a client that was heard meanwhile", () => {
    assert.deepStrictEqual(due({ heard_at: 15_000 }, 34_999), { _tag: "Nothing" })
    assert.deepStrictEqual(due({ heard_at: 15_000 }, 35_000), { _tag: "Ping" })
    assert.deepStrictEqual(due({ heard_at: 15_000, pinged_at: 35_000 }, 54_999), { _tag: "Nothing" })
    assert.deepStrictEqual(due({ heard_at: 15_000, pinged_at: 35_000 }, 55_000), { _tag: "Ping" })
  })

  it("is a ping when an event was sent and nothing heard for 2 s: one, and not before", () => {
    assert.deepStrictEqual(due({ unheard_since: 1_000 }, 2_999), { _tag: "Nothing" })
    assert.deepStrictEqual(due({ unheard_since: 1_000 }, 3_000), { _tag: "Ping" })
    assert.deepStrictEqual(due({ unheard_since: 1_000, pinged_at: 3_000 }, 9_000), { _tag: "Nothing" })
  })

  it("is a close as idle after 45 s of silence, however often it was pinged", () => {
    assert.deepStrictEqual(due({ pinged_at: 44_999 }, 44_999), { _tag: "Nothing" })
    assert.deepStrictEqual(due({ pinged_at: 44_999 }, 45_000), { _tag: "Close", code: closeCodes.idle })
    assert.deepStrictEqual(due({ heard_at: 1, pinged_at: 44_999 }, 45_000), { _tag: "Nothing" })
  })

  it("is a close for a socket nobody signs in on: 15 s after its last call, or five minutes at most", () => {
    const nobody = (since: number, asked_at: number) => ({ nobody: { since, asked_at } })
    const close = { _tag: "Close", code: closeCodes.nobody } as const
    assert.deepStrictEqual(due(nobody(0, 0), 14_999), { _tag: "Nothing" })
    assert.deepStrictEqual(due(nobody(0, 0), 15_000), close)
    assert.deepStrictEqual(due(nobody(0, 10_000), 19_999), { _tag: "Nothing" })
    assert.deepStrictEqual(due({ ...nobody(0, 299_000), heard_at: 299_000 }, 300_000), close)
  })

  it("is a close as slow consumer when the silent one has not read what we sent", () => {
    assert.deepStrictEqual(due({ is_behind: true }, 45_000), { _tag: "Close", code: closeCodes.slowConsumer })
  })

  it("is a close at the instant the token ends, in the product's time", () => {
    assert.deepStrictEqual(due({ token_expires_at: 1_000 }, 0, 999), { _tag: "Nothing" })
    assert.deepStrictEqual(due({ token_expires_at: 1_000 }, 0, 1_000), {
      _tag: "Close",
      code: closeCodes.tokenExpired
    })
  })

  it("is the cut when a close was not completed within its bound, and nothing else before", () => {
    const closing = { closing_since: 100_000, token_expires_at: 0 }
    assert.deepStrictEqual(due(closing, 101_999, 1), { _tag: "Nothing" })
    assert.deepStrictEqual(due(closing, 102_000, 1), { _tag: "Cut" })
  })
})
