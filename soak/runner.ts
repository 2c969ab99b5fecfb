// One runner of the soak: a child process of the command line's `serve` behind proxies of its own, which may
// be killed, frozen and drained, and is started again on the same ports. An end that nobody ordered is a
// violation.
import { type WriteStream, createWriteStream, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import {
  type Ports,
  programOf,
  type ServerProcess,
  spawnRunner,
  whenReady
} from "../test/support/server-process.ts"
import type { TcpProxy } from "../test/support/tcp-proxy.ts"
import type { Findings } from "./findings.ts"

const root = fileURLToPath(new URL("..", import.meta.url))
const redirect = fileURLToPath(new URL("./redirect.ts", import.meta.url))
const pageBytes = 4096

/** The ways from and to one runner, each a proxy. */
export interface Ways {
  readonly phones: TcpProxy
  readonly postgres: TcpProxy
  readonly valkey: TcpProxy
  /** From this runner to each other one, by that one's port. */
  readonly peers: ReadonlyMap<number, TcpProxy>
}

export class Runner {
  readonly name: string
  readonly ports: Ports
  ways: Ways | null = null
  isReady = false
  memoryMax = 0
  starts = 0
  /** The balancer's view: phones go to runners that are ready. */
  process: ServerProcess | null = null
  #orderedToEnd = false
  readonly #folder: string
  readonly #findings: Findings
  readonly #log: WriteStream

  constructor(name: string, ports: Ports, folder: string, findings: Findings) {
    this.name = name
    this.ports = ports
    this.#folder = folder
    this.#findings = findings
    this.#log = createWriteStream(join(folder, `${name}.log`), { flags: "a" })
  }

  get #clockFile(): string {
    return join(this.#folder, `${this.name}.clock`)
  }

  /** Through the phones' proxy. */
  get httpUrl(): string {
    return this.ways?.phones.url.replace(/\/$/, "") ?? ""
  }

  async start(environment: Readonly<Record<string, string>>): Promise<void> {
    const { peers, postgres, valkey } = this.ways!
    writeFileSync(this.#clockFile, "0")
    const { folder, words } = programOf(root)
    const program = { folder, words: ["--import", redirect, ...words] }
    const extra = {
      ...environment,
      VALKEY_URL: valkey.url,
      SOAK_CLOCK: this.#clockFile,
      SOAK_WAYS: [...peers].map(([port, way]) => `${port}:${new URL(way.url).port}`).join(",")
    }
    // Its end is ordered by the soak, not by a scope.
    const scope = Scope.makeUnsafe()
    const spawned = spawnRunner(postgres.url, this.ports, extra, program).pipe(Scope.provide(scope))
    const server = await Effect.runPromise(spawned)
    this.starts += 1
    this.#orderedToEnd = false
    this.process = server
    server.child.stdout?.pipe(this.#log, { end: false })
    server.child.stderr?.pipe(this.#log, { end: false })
    server.child.once("close", (code, signal) => {
      void Effect.runPromise(Scope.close(scope, Exit.void))
      this.isReady = false
      if (this.#orderedToEnd) return
      const last = server.lines.slice(-5).join("\n")
      this.#findings.violation(`${this.name} ended by itself with ${code ?? signal}\n${last}`)
    })
  }

  async untilReady(): Promise<void> {
    await Effect.runPromise(whenReady(this.process!))
    await this.look()
  }

  /** As a balancer looks, past the phones' proxy. */
  async look(): Promise<void> {
    const answer = await fetch(`${this.process?.httpUrl}/readyz`, { signal: AbortSignal.timeout(1_000) })
      .catch(() => null)
    await answer?.body?.cancel().catch(() => {})
    this.isReady = answer?.status === 200
    this.memoryMax = Math.max(this.memoryMax, this.memory)
  }

  get memory(): number {
    try {
      const statm = readFileSync(`/proc/${this.process?.child.pid}/statm`, "utf8")
      return Number(statm.split(" ")[1]) * pageBytes
    } catch {
      return 0
    }
  }

  signal(name: NodeJS.Signals): void {
    this.process?.child.kill(name)
  }

  /** Sets the wall clock of its machine; monotonic time goes on. */
  setClock(wrongByMs: number): void {
    writeFileSync(this.#clockFile, String(wrongByMs))
    this.signal("SIGUSR2")
  }

  async end(signal: "SIGKILL" | "SIGTERM"): Promise<number | string> {
    this.#orderedToEnd = true
    this.isReady = false
    const server = this.process
    return server === null ? "not started" : Effect.runPromise(server.end(signal))
  }

  close(): void {
    this.#log.end()
  }
}
