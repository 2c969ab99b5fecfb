// Our proxy configurations with the real programs, from Debian's packages nginx and caddy, in front of a real
// server: sockets through both, the phone's address for 0, 1 and 2 hops, idle connections, what is too large
// and what is too slow.
import { mkdtempSync, writeFileSync } from "node:fs"
import { request } from "node:http"
import { connect } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { WebSocket } from "ws"
import { freshDatabaseUrl } from "../support/postgres.ts"
import { program, whenOpen } from "../support/real-program.ts"
import { freePorts, startRunner, startServer, type ServerProcess } from "../support/server-process.ts"
import { read } from "./prometheus.ts"

/** The file as it is, on a port of ours, without TLS and before this one runner. */
const nginx = Effect.fnUntraced(function*(port: number, upstream: string) {
  const folder = mkdtempSync(join(tmpdir(), "nginx-"))
  const config = read("ops/proxies/nginx.conf")
    .replace("pid /run/nginx.pid", `pid ${folder}/nginx.pid`)
    .replace("events {", "daemon off;\nevents {")
    .replace("http {", `http {\n  client_body_temp_path ${folder}; proxy_temp_path ${folder};`)
    .replace("listen 443 ssl;", `listen 127.0.0.1:${port};`)
    .replace(/^ +ssl_.*$/gm, "")
    .replace("server runner1:3000;", `server ${upstream};`)
    .replace("server runner2:3000;", "")
  writeFileSync(join(folder, "nginx.conf"), config)
  yield* program("nginx", ["-p", folder, "-c", join(folder, "nginx.conf")])
  yield* whenOpen(port)
})

const caddy = Effect.fnUntraced(function*(port: number, upstream: string) {
  const folder = mkdtempSync(join(tmpdir(), "caddy-"))
  writeFileSync(join(folder, "Caddyfile"), read("ops/proxies/Caddyfile"))
  yield* program("caddy", ["run", "--config", join(folder, "Caddyfile"), "--adapter", "caddyfile"], {
    HALOBESTIE_SITE: `http://127.0.0.1:${port}`,
    HALOBESTIE_RUNNERS: upstream,
    XDG_DATA_HOME: folder,
    XDG_CONFIG_HOME: folder
  })
  yield* whenOpen(port)
})

const hostOf = (server: ServerProcess) => new URL(server.httpUrl).host

/** Opens a socket from this address, asks one thing, and closes it. */
const visit = (port: number, localAddress: string, headers: Readonly<Record<string, string>> = {}) =>
  Effect.callback<string, Error>((resume) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, { localAddress, headers: { ...headers } })
    socket.once("error", (error) => resume(Effect.fail(error)))
    socket.once("open", () =>
      socket.send(JSON.stringify({
        _tag: "Request",
        id: "1",
        tag: "auth.sign_in_anonymous",
        payload: { call_name: "Sari" },
        headers: []
      })))
    socket.once("message", (frame) => {
      resume(Effect.succeed(String(frame)))
      socket.close()
    })
  }).pipe(Effect.timeout("10 seconds"), Effect.orDie)

/** The lines that name an address, as they come. */
const addressesOf = ({ child }: ServerProcess) => {
  const seen: Array<string> = []
  const waiting: Array<(address: string) => void> = []
  createInterface({ input: child.stdout! }).on("line", (line) => {
    const [, address] = /remote_address: '?([\d.]+)/.exec(line) ?? []
    if (address === undefined) return
    const next = waiting.shift()
    if (next === undefined) seen.push(address)
    else next(address)
  })
  return Effect.callback<string>((resume) => {
    const known = seen.shift()
    if (known !== undefined) return resume(Effect.succeed(known))
    waiting.push((address) => resume(Effect.succeed(address)))
  }).pipe(Effect.timeout("10 seconds"), Effect.orDie)
}

const status = (port: number, headers: Readonly<Record<string, string>>) =>
  Effect.callback<number, Error>((resume) => {
    request({ port, host: "127.0.0.1", path: "/healthz", headers }, (answer) => {
      answer.resume()
      resume(Effect.succeed(answer.statusCode ?? 0))
    }).once("error", (error) => resume(Effect.fail(error))).end()
  })

const portOf = (server: ServerProcess) => Number(new URL(server.httpUrl).port)

describe("behind proxies", { timeout: 180_000 }, () => {
  it.live("sockets pass, and the phone's own address is known for 0, 1 and 2 hops, whatever it claims", () =>
    Effect.gen(function*() {
      const url = yield* freshDatabaseUrl
      const forged = { "x-forwarded-for": "9.9.9.9" }
      const direct = yield* startServer(url)
      const one = yield* startRunner(url, { TRUSTED_PROXY_HOPS: "1" })
      const two = yield* startRunner(url, { TRUSTED_PROXY_HOPS: "2" })
      const [byNginx, byCaddy, inner] = yield* Effect.promise(() => freePorts(true))
      const [outer] = yield* Effect.promise(() => freePorts(true))
      yield* nginx(byNginx, hostOf(one))
      yield* caddy(byCaddy, hostOf(one))
      yield* nginx(inner, hostOf(two))
      yield* caddy(outer, `127.0.0.1:${inner}`)
      const cases = [
        [direct, portOf(direct), "127.0.0.11"],
        [one, byNginx, "127.0.0.12"],
        [one, byCaddy, "127.0.0.13"],
        [two, outer, "127.0.0.14"]
      ] as const
      const addresses = new Map([direct, one, two].map((server) => [server, addressesOf(server)]))
      for (const [server, port, from] of cases) {
        assert.include(yield* visit(port, from, forged), "access_token")
        assert.strictEqual(yield* addresses.get(server)!, from)
      }
    }))

  it.live("a connection idle longer than the proxy keeps one is still there; a large head is refused", () =>
    Effect.gen(function*() {
      const server = yield* startServer(yield* freshDatabaseUrl)
      const [byNginx, byCaddy] = yield* Effect.promise(() => freePorts(true))
      yield* nginx(byNginx, hostOf(server))
      yield* caddy(byCaddy, hostOf(server))
      const answer = yield* Effect.promise(() => fetch(`${server.httpUrl}/healthz`))
      const [, ours] = /timeout=(\d+)/.exec(answer.headers.get("keep-alive") ?? "") ?? []
      const [, nginxs] = /keepalive_timeout (\d+)s/.exec(read("ops/proxies/nginx.conf")) ?? []
      const [, caddys] = /keepalive (\d+)s/.exec(read("ops/proxies/Caddyfile")) ?? []
      assert.isAbove(Number(ours), Number(nginxs))
      assert.isAbove(Number(ours), Number(caddys))

      const large = { "x-large": "x".repeat(20_000) }
      assert.strictEqual(yield* status(portOf(server), large), 431)
      assert.strictEqual(yield* status(byNginx, large), 400)
      assert.strictEqual(yield* status(byCaddy, large), 431)
      for (const port of [byNginx, byCaddy]) assert.strictEqual(yield* status(port, {}), 200)
    }))

  it.live("an upload that takes too long is ended, by its own limit", () =>
    Effect.gen(function*() {
      const server = yield* startServer(yield* freshDatabaseUrl, {
        LISTENER_REQUEST_SECONDS: "2",
        LISTENER_HEADERS_SECONDS: "1"
      })
      const said = yield* Effect.callback<string>((resume) => {
        const socket = connect(portOf(server), "127.0.0.1")
        let text = ""
        socket.on("data", (bytes) => (text += String(bytes)))
        socket.once("close", () => resume(Effect.succeed(text)))
        socket.write(
          "POST /api/webhooks/payments/builtin HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\nslow"
        )
      }).pipe(Effect.timeout("20 seconds"), Effect.orDie)
      assert.include(said, "408")
    }))
})
