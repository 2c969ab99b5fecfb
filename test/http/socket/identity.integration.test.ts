// Who is on a socket: at the upgrade or by a call, until the token ends, the sign-in is revoked or
// another token prolongs it. Revocations come over the bus, or are found after the bus lost something.
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { BusEvent, Topic } from "../../../src/services/bus/bus.ts"
import { listening, tokenFor } from "./listening.ts"
import { codeOf, connect, type Phone, refusalOf, refusedUpgrade, request } from "./phone.ts"

const who = Effect.fnUntraced(function*(phone: Phone) {
  phone.send(request("who", "test.who"))
  return (yield* phone.next).exit.value
})

const authenticate = Effect.fnUntraced(function*(phone: Phone, token: string) {
  phone.send(request("auth", "test.authenticate", { token }))
  return yield* phone.next
})

const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })
const revoked = { code: 4503, reason: "{\"reason\":\"revoked\"}" }

type Server = Effect.Success<ReturnType<typeof listening>>
const publish = (server: Server, topic: Topic, event: BusEvent) => server.bus.publish([{ topic, event }])

describe("a token at the upgrade", () => {
  it.live("in the Authorization header signs the socket in", () =>
    Effect.gen(function*() {
      const server = yield* listening()
      assert.strictEqual(yield* who(yield* connect(server.url, [], bearer(tokenFor()))), "sari")
      assert.isTrue(yield* server.connections.isConnected({ user_type: "customer", user_id: "sari" }))
      assert.isFalse(yield* server.connections.isConnected({ user_type: "mitra", user_id: "sari" }))
    }))

  it.live("as a second subprotocol signs the socket in, and is not repeated in the answer", () =>
    Effect.gen(function*() {
      const phone = yield* connect((yield* listening()).url, ["halobestie.v1", `bearer.${tokenFor()}`])
      assert.strictEqual(phone.ws.protocol, "halobestie.v1")
      assert.strictEqual(yield* who(phone), "sari")
    }))

  it.live("may be missing: nobody is signed in then, with or without the subprotocol", () =>
    Effect.gen(function*() {
      const server = yield* listening()
      assert.isNull(yield* who(yield* connect(server.url)))
      assert.isNull(yield* who(yield* connect(server.url, ["halobestie.v1"])))
    }))

  for (const header of ["Bearer !!!", "Bearer", "Basic abc", ""]) {
    it.live(`that is not one of ours (${JSON.stringify(header)}) is answered 401 before the upgrade`, () =>
      Effect.gen(function*() {
        const { url } = yield* listening()
        const answer = yield* refusedUpgrade(url, [], { headers: { authorization: header } })
        assert.strictEqual(answer.status, 401)
        assert.strictEqual(answer.headers["www-authenticate"], "Bearer")
        assert.deepStrictEqual(answer.body, {
          _tag: "Refusal",
          code: "TOKEN_INVALID",
          message: "This token was not signed here.",
          details: {}
        })
      }))
  }

  it.live("that cannot be checked right now is answered 503 with a time to come back", () =>
    Effect.gen(function*() {
      const { url } = yield* listening()
      const answer = yield* refusedUpgrade(url, [], bearer("unknowable"))
      assert.strictEqual(answer.status, 503)
      assert.strictEqual(answer.body._tag, "TryAgain")
    }))

  it.live("offered only with a protocol we do not speak is answered 400 without repeating it", () =>
    Effect.gen(function*() {
      const { url } = yield* listening()
      const answer = yield* refusedUpgrade(url, ["halobestie.v9", `bearer.${tokenFor()}`])
      assert.strictEqual(answer.status, 400)
      assert.deepStrictEqual(answer.body.details, { offered: ["halobestie.v9"] })
    }))

  it.live("that has run out between check and upgrade closes with token_expired", () =>
    Effect.gen(function*() {
      const phone = yield* connect((yield* listening()).url, [], bearer(tokenFor({ expires_at: 1 })))
      assert.deepStrictEqual(yield* phone.closed, { code: 4001, reason: "{\"reason\":\"token_expired\"}" })
    }))
})

describe("a token in a call", () => {
  it.live("signs this connection in and no other", () =>
    Effect.gen(function*() {
      const server = yield* listening()
      const phone = yield* connect(server.url)
      const other = yield* connect(server.url)
      assert.strictEqual((yield* authenticate(phone, tokenFor())).exit._tag, "Success")
      assert.strictEqual(yield* who(phone), "sari")
      assert.isNull(yield* who(other))
    }))

  it.live("of another person is refused: this connection already has one", () =>
    Effect.gen(function*() {
      const phone = yield* connect((yield* listening()).url, [], bearer(tokenFor()))
      for (const other of [{ user_id: "dewi" }, { user_type: "mitra" as const }]) {
        assert.strictEqual(codeOf(yield* authenticate(phone, tokenFor(other))), "FORBIDDEN")
      }
      assert.strictEqual(yield* who(phone), "sari")
    }))

  it.live("of two people at the same moment signs in exactly one of them", () =>
    Effect.gen(function*() {
      const phone = yield* connect((yield* listening()).url)
      phone.send([
        request("1", "test.authenticate", { token: tokenFor({ user_id: "a" }) }),
        request("2", "test.authenticate", { token: tokenFor({ user_id: "b" }) })
      ])
      const answers = yield* phone.take(2)
      assert.strictEqual(answers.filter((answer) => answer.exit._tag === "Success").length, 1)
    }))

  it.live("that has run out is refused", () =>
    Effect.gen(function*() {
      const phone = yield* connect((yield* listening()).url)
      assert.strictEqual(codeOf(yield* authenticate(phone, tokenFor({ expires_at: 1 }))), "TOKEN_EXPIRED")
      assert.isNull(yield* who(phone))
    }))
})

describe("the end of a token", () => {
  it.live("closes the connection, and its calls with it", () =>
    Effect.gen(function*() {
      const server = yield* listening()
      const expires_at = (yield* Clock.currentTimeMillis) + 300
      const phone = yield* connect(server.url, [], bearer(tokenFor({ expires_at })))
      phone.send(request("1", "test.slow"))
      assert.deepStrictEqual(yield* phone.closed, { code: 4001, reason: "{\"reason\":\"token_expired\"}" })
      assert.isAtLeast(yield* Clock.currentTimeMillis, expires_at)
      assert.deepStrictEqual(server.observed.interrupted, ["test.slow"])
    }))

  it.live("is put off by a newer token of the same person", () =>
    Effect.gen(function*() {
      const server = yield* listening()
      const expires_at = (yield* Clock.currentTimeMillis) + 300
      const renewed = yield* connect(server.url, [], bearer(tokenFor({ expires_at })))
      const forgotten = yield* connect(server.url, [], bearer(tokenFor({ expires_at })))
      assert.strictEqual((yield* authenticate(renewed, tokenFor())).exit._tag, "Success")
      assert.strictEqual((yield* forgotten.closed).code, 4001)
      assert.strictEqual(yield* who(renewed), "sari")
    }))
})

describe("a revocation", () => {
  it.live("of one sign-in closes its sockets and leaves the person's others, and other people", () =>
    Effect.gen(function*() {
      const server = yield* listening()
      const lost = yield* connect(server.url, [], bearer(tokenFor({ auth_session_id: "family-1" })))
      const kept = yield* connect(server.url, [], bearer(tokenFor({ auth_session_id: "family-2" })))
      const mitra = yield* connect(server.url, [], bearer(tokenFor({ user_type: "mitra" })))
      yield* Effect.all([who(lost), who(kept), who(mitra)])
      lost.send(request("1", "test.slow"))
      yield* publish(server, "customer:sari", { _tag: "Revoked", auth_session_id: "family-1" })
      assert.deepStrictEqual(yield* lost.closed, revoked)
      assert.strictEqual(yield* who(kept), "sari")
      assert.strictEqual(yield* who(mitra), "sari")
    }))

  it.live("of everything closes all sockets of the person", () =>
    Effect.gen(function*() {
      const server = yield* listening()
      const phones = yield* Effect.all(
        ["family-1", "family-2"].map((auth_session_id) =>
          connect(server.url, [], bearer(tokenFor({ auth_session_id })))
        )
      )
      yield* Effect.forEach(phones, who)
      yield* publish(server, "customer:sari", { _tag: "Revoked", auth_session_id: null })
      for (const phone of phones) assert.deepStrictEqual(yield* phone.closed, revoked)
      assert.isFalse(yield* server.connections.isConnected({ user_type: "customer", user_id: "sari" }))
    }))

  it.live("reaches the sign-in a connection has now, not the one it came with", () =>
    Effect.gen(function*() {
      const server = yield* listening()
      const phone = yield* connect(server.url, [], bearer(tokenFor({ auth_session_id: "family-1" })))
      yield* authenticate(phone, tokenFor({ auth_session_id: "family-2" }))
      yield* publish(server, "customer:sari", { _tag: "Revoked", auth_session_id: "family-1" })
      assert.strictEqual(yield* who(phone), "sari")
      yield* publish(server, "customer:sari", { _tag: "Revoked", auth_session_id: "family-2" })
      assert.deepStrictEqual(yield* phone.closed, revoked)
    }))

  it.live("that is heard between the check of the token and the sign-in is found out", () =>
    Effect.gen(function*() {
      const server = yield* listening()
      server.ended.add("family-1")
      // The pause lets it be handled while nobody is signed in yet.
      server.between.check = Effect.andThen(
        publish(server, "customer:sari", { _tag: "Revoked", auth_session_id: "family-1" }),
        Effect.sleep(20)
      )
      const phone = yield* connect(server.url, [], bearer(tokenFor()))
      assert.deepStrictEqual(yield* phone.closed, revoked)
    }))

  it.live("that happened before a connection signs in by a call is found out", () =>
    Effect.gen(function*() {
      const server = yield* listening()
      server.ended.add("family-1")
      const phone = yield* connect(server.url)
      phone.send(request("auth", "test.authenticate", { token: tokenFor() }))
      assert.deepStrictEqual(yield* phone.closed, revoked)
    }))

  it.live("that the bus lost is found out when the bus says so", () =>
    Effect.gen(function*() {
      const server = yield* listening()
      const lost = yield* connect(server.url, [], bearer(tokenFor({ auth_session_id: "family-1" })))
      const kept = yield* connect(server.url, [], bearer(tokenFor({ auth_session_id: "family-2" })))
      yield* Effect.all([who(lost), who(kept)])
      server.ended.add("family-1")
      yield* publish(server, "customer:sari", { _tag: "Resync" })
      assert.deepStrictEqual(yield* lost.closed, revoked)
      assert.strictEqual(yield* who(kept), "sari")
    }))

  it.live("still works after the person's last socket left and a new one came", () =>
    Effect.gen(function*() {
      const server = yield* listening()
      const first = yield* connect(server.url, [], bearer(tokenFor()))
      yield* who(first)
      first.ws.close()
      yield* server.logged("\"reason\":\"left\"")
      const second = yield* connect(server.url, [], bearer(tokenFor()))
      yield* who(second)
      yield* publish(server, "customer:sari", { _tag: "Revoked", auth_session_id: null })
      assert.deepStrictEqual(yield* second.closed, revoked)
    }))
})

describe("an identity in a message", () => {
  it.live("is ignored wherever it is put", () =>
    Effect.gen(function*() {
      const phone = yield* connect((yield* listening()).url)
      phone.send({
        ...request("1", "test.who"),
        headers: [["authorization", `Bearer ${tokenFor()}`]],
        principal: { user_id: "sari" },
        traceId: "t",
        spanId: "s",
        sampled: true
      })
      const frame = yield* phone.next
      assert.isNull(frame.exit.value)
      assert.isUndefined(refusalOf(frame))
    }))
})
