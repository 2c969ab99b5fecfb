// Whom a request is counted for: the TCP peer, or what the trusted proxies say, never what the sender says.
import { assert, it } from "@effect/vitest"
import * as Option from "effect/Option"
import { Headers } from "effect/http"
import { remoteAddressOf } from "../../src/http/remote-address.ts"

const request = (forwarded: string | null) => ({
  headers: Headers.fromInput(forwarded === null ? {} : { "x-forwarded-for": forwarded }),
  remoteAddress: Option.some("10.0.0.1")
})

it("without trusted proxies the header is ignored, whatever it says", () => {
  assert.strictEqual(remoteAddressOf(request("1.2.3.4"), 0), "10.0.0.1")
})

it("one trusted proxy: the last entry counts, because the proxy wrote it", () => {
  assert.strictEqual(remoteAddressOf(request("6.6.6.6, 1.2.3.4"), 1), "1.2.3.4")
})

it("two trusted proxies: the entry before the last", () => {
  assert.strictEqual(remoteAddressOf(request("6.6.6.6, 1.2.3.4, 10.0.0.9"), 2), "1.2.3.4")
})

it("a request that came around the proxies is counted for what is known of it", () => {
  assert.strictEqual(remoteAddressOf(request(null), 1), "10.0.0.1")
  assert.strictEqual(remoteAddressOf(request("1.2.3.4"), 2), "1.2.3.4")
})
