// Hosts of their own on one machine: network namespaces on a bridge, each with an address, as containers
// have them. Needs root and Debian's iproute2. The databases of the tests listen on loopback, so a forwarder
// on the bridge carries the hosts' connections there.
import { execFileSync, spawn } from "node:child_process"
import { connect, createServer } from "node:net"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"

const root = fileURLToPath(new URL("../..", import.meta.url))
const webhookToken = "golden-webhook-token"
const linesKept = 200

const ip = (...args: ReadonlyArray<string>) =>
  execFileSync("ip", [...args], { stdio: ["ignore", "pipe", "pipe"] })

export interface Network {
  /** The bridge's own address, where the database is. */
  readonly gateway: string
  readonly address: (host: number) => string
  readonly namespace: (host: number) => string
  /** No packet passes between the two, as if a cable were cut; both still reach the database. */
  readonly cut: (one: number, other: number) => void
  readonly heal: (one: number, other: number) => void
}

/** A bridge with so many hosts, until the scope closes. */
export const network = (hosts: number) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const id = process.pid % 10_000
      const bridge = `hb${id}`
      const subnet = `10.${77 + (id % 100)}.${Math.floor(id / 100) % 250}`
      const made: Network = {
        gateway: `${subnet}.1`,
        address: (host) => `${subnet}.${host + 1}`,
        namespace: (host) => `hb${id}-${host}`,
        cut: (one, other) => route("add", one, other),
        heal: (one, other) => route("del", one, other)
      }
      const route = (verb: "add" | "del", one: number, other: number) => {
        for (const [from, to] of [[one, other], [other, one]] as const) {
          ip(
            "netns",
            "exec",
            made.namespace(from),
            "ip",
            "route",
            verb,
            "blackhole",
            `${made.address(to)}/32`
          )
        }
      }
      ip("link", "add", bridge, "type", "bridge")
      ip("addr", "add", `${made.gateway}/24`, "dev", bridge)
      ip("link", "set", bridge, "up")
      for (let host = 1; host <= hosts; host++) {
        const [space, outer, inner] = [made.namespace(host), `${bridge}o${host}`, `${bridge}i${host}`]
        ip("netns", "add", space)
        ip("link", "add", outer, "type", "veth", "peer", "name", inner)
        ip("link", "set", inner, "netns", space)
        ip("link", "set", outer, "master", bridge, "up")
        ip("-n", space, "addr", "add", `${made.address(host)}/24`, "dev", inner)
        ip("-n", space, "link", "set", inner, "up")
        ip("-n", space, "link", "set", "lo", "up")
      }
      return { made, bridge }
    }),
    ({ bridge, made }) =>
      Effect.sync(() => {
        for (let host = 1; host <= hosts; host++) ip("netns", "del", made.namespace(host))
        ip("link", "del", bridge)
      })
  ).pipe(Effect.map(({ made }) => made))

/** The database's url as the hosts reach it. */
export const forwarded = (databaseUrl: string, { gateway }: Network) =>
  Effect.acquireRelease(
    Effect.promise(() =>
      new Promise<{ readonly url: string; readonly close: () => void }>((resolve) => {
        const target = new URL(databaseUrl)
        const server = createServer((client) => {
          const database = connect(Number(target.port), target.hostname)
          client.pipe(database).pipe(client)
          client.on("error", () => database.destroy())
          database.on("error", () => client.destroy())
        }).listen(0, gateway, () => {
          const url = new URL(databaseUrl)
          url.hostname = gateway
          url.port = String((server.address() as { port: number }).port)
          resolve({ url: url.href, close: () => void server.close() })
        })
      })
    ),
    ({ close }) => Effect.sync(close)
  ).pipe(Effect.map(({ url }) => url))

/** A runner on a host, as people reach it; it is stopped with the scope. */
export const runnerOn = Effect.fnUntraced(function*(
  made: Network,
  host: number,
  environment: Readonly<Record<string, string>>
) {
  const { child, lines } = yield* Effect.acquireRelease(
    Effect.sync(() => {
      const child = spawn("ip", [
        "netns",
        "exec",
        made.namespace(host),
        process.execPath,
        "src/cli.ts",
        "serve"
      ], {
        cwd: root,
        env: { PATH: process.env["PATH"] ?? "", PAYMENT_WEBHOOK_TOKEN: webhookToken, ...environment },
        stdio: ["ignore", "pipe", "pipe"]
      })
      const lines: Array<string> = []
      for (const stream of [child.stdout, child.stderr]) {
        createInterface({ input: stream }).on("line", (line) => {
          lines.push(line)
          if (lines.length > linesKept) lines.shift()
        })
      }
      return { child, lines }
    }),
    // `ip netns exec` becomes the program itself, so the signal is the server's.
    ({ child }) =>
      Effect.callback<void>((resume) => {
        if (child.exitCode !== null || child.signalCode !== null) return resume(Effect.void)
        child.once("close", () => resume(Effect.void))
        child.kill("SIGTERM")
      }).pipe(Effect.timeoutOption("30 seconds"))
  )
  const base = `${made.address(host)}:3000`
  return { httpUrl: `http://${base}`, socketUrl: `ws://${base}/ws`, webhookToken, child, lines }
})
