// Bad input against a whole server process, with raw frames: each gets its documented refusal or close code,
// costs at most its own connection, and leaves the process and all other phones alone.
import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { SignJWT, UnsecuredJWT } from "jose"
import { WebSocket } from "ws"
import { codeOf, connect, request } from "../http/socket/phone.ts"
import { type Prng, makePrng, mutate } from "../http/socket/mutations.ts"
import { freshDatabaseUrl } from "../support/postgres.ts"
import { type ServerProcess, startServer } from "../support/server-process.ts"
import { commandId, customer, history, mitra, pair, type Person, send } from "./people.ts"

const withServer = <E>(
  name: string,
  story: (server: ServerProcess) => Effect.Effect<void, E, import("effect/Scope").Scope>,
  timeout = 120_000
) =>
  it.live(
    name,
    () => Effect.flatMap(freshDatabaseUrl, (url) => startServer(url)).pipe(Effect.flatMap(story)),
    timeout
  )

const secret = new TextEncoder().encode("development-secret-never-use-in-production")
const claims = (person: Person, over: Record<string, unknown> = {}) => {
  const now = Math.floor(Date.now() / 1000)
  const own = JSON.parse(Buffer.from(person.token.split(".")[1] ?? "", "base64url").toString())
  return { ...own, iat: now, exp: now + 600, ...over }
}
const signed = (body: Record<string, unknown>, key = secret, alg = "HS256") =>
  new SignJWT(body).setProtectedHeader({ alg }).sign(key)

/** One call on a fresh raw connection that is signed in as this person, or not at all. */
const rawCall = Effect.fnUntraced(
  function*(server: ServerProcess, token: string | null, tag: string, payload: unknown) {
    const phone = yield* connect(server.socketUrl)
    if (token !== null) {
      phone.send(request("in", "auth.authenticate", { access_token: token }))
      const answer = yield* phone.next
      if (answer.exit._tag === "Failure") return answer
    }
    phone.send(request("1", tag, payload))
    return yield* phone.next
  }
)

/** What the door says to this token: the HTTP status, 101 for a socket. */
const upgradeStatus = (server: ServerProcess, token: string) =>
  Effect.callback<number>((resume) => {
    const ws = new WebSocket(server.socketUrl, { headers: { authorization: `Bearer ${token}` } })
    ws.on("error", () => {})
    ws.on("unexpected-response", (_request, response) => {
      ws.terminate()
      resume(Effect.succeed(response.statusCode ?? 0))
    })
    ws.on("open", () => {
      ws.terminate()
      resume(Effect.succeed(101))
    })
  })

describe("a whole server under bad input", () => {
  withServer(
    "refuses expired and forged tokens, wherever they are shown",
    (server) =>
      Effect.gen(function*() {
        const sari = yield* Effect.promise(() => customer(server))
        const now = Math.floor(Date.now() / 1000)
        const forged = yield* Effect.promise(async (): Promise<
          ReadonlyArray<readonly [string, string, string]>
        > => [
          ["expired", await signed(claims(sari, { iat: now - 7200, exp: now - 3600 })), "TOKEN_EXPIRED"],
          ["alg none", new UnsecuredJWT(claims(sari)).encode(), "TOKEN_INVALID"],
          [
            "another key",
            await signed(claims(sari), new TextEncoder().encode("x".repeat(40))),
            "TOKEN_INVALID"
          ],
          ["another algorithm", await signed(claims(sari), secret, "HS512"), "TOKEN_INVALID"],
          ["another user type", await signed(claims(sari, { user_type: "staff" })), "TOKEN_INVALID"],
          ["a sign-in that never was", await signed(claims(sari, { session_id: sari.id })), "TOKEN_INVALID"],
          ["no token at all", "not.a.token", "TOKEN_INVALID"]
        ])
        for (const [what, token, code] of forged) {
          const answer = yield* rawCall(server, token, "customer.pricing", {})
          assert.strictEqual(codeOf(answer), code, what)
          assert.strictEqual(yield* upgradeStatus(server, token), 401, what)
        }
        // The message headers of a call never say who is calling.
        const phone = yield* connect(server.socketUrl)
        phone.send({
          ...request("1", "customer.pricing"),
          headers: [["authorization", `Bearer ${sari.token}`]]
        })
        assert.strictEqual(codeOf(yield* phone.next), "NOT_SIGNED_IN")
      })
  )

  withServer(
    "refuses foreign sessions and the other side's calls, and tells nothing about them",
    (server) =>
      Effect.gen(function*() {
        const { dewi, sari, session_id } = yield* Effect.promise(async () => {
          const [sari, dewi, ayu] = [
            await customer(server),
            await customer(server, "Dewi"),
            await mitra(server, 1)
          ]
          return { sari, dewi, session_id: await pair(server, sari, ayu, "chat_5") }
        })
        const command_id = commandId()
        const before_seq = null
        const calls: ReadonlyArray<readonly [string, unknown, ReadonlyArray<string>]> = [
          ["chat.history", { session_id, before_seq, after_seq: 0, limit: 10 }, ["SESSION_NOT_FOUND"]],
          ["customer.request_status", { session_id }, ["SESSION_NOT_FOUND"]],
          ["chat.send", { session_id, client_message_id: commandId(), body: "hi" }, ["NOT_A_PARTICIPANT"]],
          ["chat.read", { session_id, seq: 1 }, ["NOT_A_PARTICIPANT"]],
          ["chat.typing", { session_id }, ["SESSION_NOT_FOUND", "NOT_A_PARTICIPANT"]],
          ["chat.end", { session_id, command_id }, ["NOT_A_PARTICIPANT"]],
          ["customer.cancel", { session_id, command_id }, ["NOT_A_PARTICIPANT"]],
          ["mitra.accept", { session_id, command_id }, ["FORBIDDEN"]],
          ["mitra.go_online", { command_id }, ["FORBIDDEN"]],
          ["chat.send", { session_id: sari.id, client_message_id: commandId(), body: "hi" }, [
            "SESSION_NOT_FOUND"
          ]]
        ]
        for (const [tag, payload, expected] of calls) {
          const code = codeOf(yield* rawCall(server, dewi.token, tag, payload))
          assert.include(expected, code, tag)
        }
        assert.deepStrictEqual(yield* Effect.promise(() => history(sari, session_id)), [])
      })
  )

  withServer(
    "answers wrong payloads, unknown methods and 1,000 requests at once, and serves others meanwhile",
    (server) =>
      Effect.gen(function*() {
        const sari = yield* Effect.promise(() => customer(server))
        // A socket each: of one person's many the oldest are closed, and that must not be the phone below.
        const clumsy = yield* Effect.promise(() => customer(server))
        const bad: ReadonlyArray<readonly [string, unknown, string]> = [
          ["customer.create_payment", {}, "BAD_REQUEST"],
          [
            "customer.create_payment",
            { command_id: "x", tier_id: "chat_5", topic: "regular" },
            "BAD_REQUEST"
          ],
          ["customer.create_payment", { command_id: commandId(), tier_id: 5, topic: [] }, "BAD_REQUEST"],
          ["customer.create_payment", { command_id: commandId(), tier_id: "chat_5" }, "BAD_REQUEST"],
          [
            "customer.create_payment",
            { command_id: commandId(), tier_id: "none", topic: "regular" },
            "TIER_NOT_FOUND"
          ],
          ["auth.sign_in_anonymous", { call_name: "x".repeat(41) }, "BAD_REQUEST"],
          ["auth.sign_in_anonymous", null, "BAD_REQUEST"],
          [
            "chat.history",
            { session_id: "not-a-uuid", before_seq: null, after_seq: 0, limit: 10 },
            "BAD_REQUEST"
          ],
          ["no.such_method", {}, "UNKNOWN_METHOD"],
          ["__proto__", {}, "UNKNOWN_METHOD"]
        ]
        for (const [tag, payload, code] of bad) {
          assert.strictEqual(codeOf(yield* rawCall(server, clumsy.token, tag, payload)), code, tag)
        }
        const flood = yield* connect(server.socketUrl)
        for (let id = 0; id < 1000; id++) {
          flood.send(request(id, "auth.sign_in_anonymous", { call_name: "Flood" }))
        }
        const answers = yield* flood.take(1000)
        const codes = new Set(answers.map((answer) => codeOf(answer) ?? "served"))
        assert.includeMembers(["served", "TOO_MANY_REQUESTS", "RATE_LIMITED"], [...codes])
        assert.isAbove(codes.size, 1)
        const tiers = yield* Effect.promise(() => sari.phone.call("customer.pricing", {}))
        assert.isAbove(tiers.tiers.length, 0)
      })
  )

  withServer(
    "stays healthy and flat under 20,000 damaged frames of its own calls",
    (server) =>
      Effect.gen(function*() {
        const [sari, ayu] = yield* Effect.promise(async () =>
          [await customer(server), await mitra(server, 1)] as const
        )
        const session_id = yield* Effect.promise(() => pair(server, sari, ayu, "chat_5"))
        const seed = Number(process.env["FUZZ_SEED"] ?? crypto.getRandomValues(new Uint32Array(1))[0])
        const prng = makePrng(seed)
        const corpus = validFrames(session_id)
        // The first quarter warms caches and code; memory is compared from there on.
        yield* fuzz(server, sari.token, prng, corpus, 5000)
        const before = residentMiB(server)
        yield* fuzz(server, sari.token, prng, corpus, 15_000)
        const after = residentMiB(server)
        assert.isNull(server.child.exitCode, `FUZZ_SEED=${seed}`)
        assert.isBelow(after - before, 80, `FUZZ_SEED=${seed}: ${before} -> ${after} MiB`)
        const health = yield* Effect.promise(() => fetch(`${server.httpUrl}/readyz`))
        assert.strictEqual(health.status, 200)
        yield* Effect.promise(async () => {
          const sent = await send(ayu, session_id, "still here")
          assert.deepInclude(await history(ayu, session_id), [sent.seq, "still here"])
        })
      }),
    240_000
  )
})

const validFrames = (session_id: string) => (id: number): ReadonlyArray<unknown> => [
  request(id, "customer.pricing"),
  request(id, "customer.create_payment", {
    command_id: `fuzz-${id}-xx`,
    tier_id: "chat_5",
    topic: "regular"
  }),
  request(id, "customer.request_status", { session_id }),
  request(id, "chat.send", { session_id, client_message_id: `fuzz-${id}-xx`, body: "hello" }),
  request(id, "chat.history", { session_id, before_seq: null, after_seq: 0, limit: 1 }),
  request(id, "chat.read", { session_id, seq: 1 }),
  request(id, "chat.typing", { session_id }),
  request(id, "events.subscribe", { since: [{ session_id, seq: 1 }] }),
  request(id, "auth.refresh", { refresh_token: "nothing" }),
  { _tag: "Ack", requestId: id },
  { _tag: "Interrupt", requestId: id },
  { _tag: "Ping" }
]

/** Resident memory of the server process, as the kernel counts it. */
const residentMiB = (server: ServerProcess): number => {
  const { pid } = server.child
  const kib = process.platform === "linux"
    ? /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]
    : execFileSync("ps", ["-o", "rss=", "-p", String(pid)], { encoding: "utf8" })
  const mib = Math.round(Number(kib) / 1024)
  assert.isAbove(mib, 10, "a server that takes no memory was not measured")
  return mib
}

const framesPerConnection = 50

/** Sends so many damaged frames, on as many connections as they cost. */
const fuzz = Effect.fnUntraced(function*(
  server: ServerProcess,
  token: string,
  prng: Prng,
  corpus: (id: number) => ReadonlyArray<unknown>,
  count: number
) {
  for (let sent = 0; sent < count; sent += framesPerConnection) {
    yield* Effect.scoped(Effect.gen(function*() {
      const phone = yield* connect(server.socketUrl)
      phone.send(request("in", "auth.authenticate", { access_token: token }))
      yield* phone.next
      for (let index = 0; index < framesPerConnection; index++) {
        const frame = mutate(prng, prng.pick(corpus(sent + index)))
        phone.ws.send(frame, { binary: prng.roll(10) < (typeof frame === "string" ? 1 : 9) })
      }
      phone.send(request("sync", "customer.pricing"))
      const synced = Effect.gen(function*() {
        while ((yield* phone.next).requestId !== "sync") { /* answers to damaged frames */ }
      })
      yield* Effect.raceFirst(synced, phone.closed)
    }))
  }
})
