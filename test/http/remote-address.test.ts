// Whom a request is counted for: the TCP peer, or what the trusted proxies say, never what the sender says.
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import { Headers } from "effect/http"
import {
  countedAddress,
  makeProxyWatch,
  proxyTrouble,
  remoteAddressOf
} from "../../src/http/remote-address.ts"

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

it("a request that came around the proxies is counted for its socket, never for its own claim", () => {
  assert.strictEqual(remoteAddressOf(request(null), 1), "10.0.0.1")
  assert.strictEqual(remoteAddressOf(request("1.2.3.4"), 2), "10.0.0.1")
  assert.strictEqual(remoteAddressOf(request("\"spoof\""), 1), "10.0.0.1")
})

it.each([
  ["203.0.113.8", "203.0.113.8"],
  [" 203.0.113.8:40001 ", "203.0.113.8"],
  ["::ffff:198.51.100.4", "198.51.100.4"],
  ["[::ffff:c633:6404]:443", "198.51.100.4"],
  ["2001:db8:1:2::1", "2001:db8:1:2::/64"],
  ["[2001:db8:1:2:ffff::a]:40001", "2001:db8:1:2::/64"],
  ["\"[2001:DB8:0001:2::f]\"", "2001:db8:1:2::/64"],
  ["fe80::1%eth0", "fe80:0:0:0::/64"],
  ["::1", "0:0:0:0::/64"],
  ["unknown", null],
  ["_hidden", null],
  ["1.2.3.4.5", null],
  ["", null]
])("%s is counted as %s", (given, counted) => {
  assert.strictEqual(countedAddress(given), counted)
})

it("hops that do not fit what requests carry are named, each trouble once", () => {
  assert.isNull(proxyTrouble(request(null), 0))
  assert.isNull(proxyTrouble(request("6.6.6.6, 1.2.3.4"), 1))
  assert.match(proxyTrouble(request("1.2.3.4"), 0) ?? "", /TRUSTED_PROXY_HOPS is 0.* X-Forwarded-For/)
  assert.match(proxyTrouble(request("1.2.3.4"), 2) ?? "", /TRUSTED_PROXY_HOPS is 2.* through 1/)
  assert.match(proxyTrouble(request("word"), 1) ?? "", /no address/)
  const lines: Array<unknown> = []
  const watch = makeProxyWatch(0)
  Effect.runSync(
    Effect.forEach([null, "1.2.3.4", "6.6.6.6"], (forwarded) => watch(request(forwarded))).pipe(
      Effect.provide(Logger.layer([Logger.make(({ message }) => void lines.push(message))]))
    )
  )
  assert.lengthOf(lines, 1)
})
