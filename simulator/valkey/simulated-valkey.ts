// The simulated Valkey: one server that runners reach over the wire, and the `Valkey` service of each
// runner with the real limits on waiting. What lies above it (breaker, mirror, reseed, presence, rate
// limits, beacon) is the server's own code. Where there is a real server as well, it is asked the same, many
// questions at once, and what it answers differently is kept for the rules.
import * as Effect from "effect/Effect"
import { unavailable, Valkey, valkeyTimings } from "../../src/layers/platform/valkey/connection.ts"
import type { Process } from "../kernel/process.ts"
import type { VirtualTime } from "../kernel/virtual-time.ts"
import { LuaScripts } from "./lua.ts"
import type { Store } from "../stores/store.ts"
import type { Script } from "../../src/layers/platform/valkey/script.ts"
import { type Reply, ValkeyEngine } from "./engine.ts"
import type { RealValkey, Request, Response } from "./real-valkey.ts"

type Listener = (event: "ready" | "lost") => void

/** Sets have no order: a walk through one is compared by its members, and only where it is one page. */
const comparable = (command: string, reply: Reply): string => {
  if (command.toUpperCase() !== "SSCAN") return JSON.stringify(reply)
  const [, members] = reply as readonly [string, ReadonlyArray<string>]
  return JSON.stringify(members.toSorted())
}

const differencesMax = 20
/** One question alone would cost a change of threads and of processes. */
const askedAtOnce = 256

interface Asked {
  readonly name: string
  readonly args: ReadonlyArray<string>
  readonly reply: Reply
  readonly request: Request
}

export interface ValkeyOptions {
  readonly store: Store
  readonly time: VirtualTime
  readonly real: RealValkey | null
  /** A planted bug: another text for a script. */
  readonly rewrite: ((script: Script) => string) | undefined
}

export class SimulatedValkey {
  readonly store: Store
  readonly engine: ValkeyEngine
  /** What a real Valkey answered otherwise than the simulated one; only ever grows. */
  readonly differences: Array<string> = []
  readonly #scripts: LuaScripts
  readonly #listeners = new Map<Process, Set<Listener>>()
  readonly #options: ValkeyOptions
  readonly #unasked: Array<Asked> = []
  readonly #rewritten = new Map<string, Script>()

  constructor(options: ValkeyOptions) {
    const { real, store, time } = options
    this.store = store
    this.engine = new ValkeyEngine(() => time.now_ms)
    this.#scripts = new LuaScripts(this.engine)
    this.#options = options
    real?.ask([{ kind: "wipe" }])
  }

  goDown(): void {
    this.store.goDown()
    this.#tell("lost")
  }

  /** `empty`: it has forgotten everything, as a replaced one has. */
  comeUp(options: { readonly empty: boolean }): void {
    if (options.empty) this.wipe()
    this.store.comeUp()
    this.#tell("ready")
  }

  wipe(): void {
    this.engine.wipe()
    this.#ask("FLUSHDB", [], "OK", () => ({ kind: "wipe" }))
  }

  serviceOf(process: Process): Valkey["Service"] {
    const listeners = new Set<Listener>()
    this.#listeners.set(process, listeners)
    const ask = (statement: () => Reply, within_ms: number) =>
      this.store.call(process, Effect.sync(statement)).pipe(
        Effect.timeoutOrElse({ duration: within_ms, orElse: () => Effect.fail(unavailable) })
      )
    return Valkey.of({
      call: (command, ...args) =>
        ask(() => this.#command(command, args.map(String)), valkeyTimings.answer_within_ms),
      run: (script, args, within_ms = valkeyTimings.answer_within_ms) =>
        ask(() => this.#script(script, args.map(String)), within_ms),
      state: Effect.sync(() => ({
        connected_since: this.store.isDown ? null : 0,
        latency_ms: null,
        last_error: null,
        eviction: null
      })),
      watch: (listener) => {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
      duplicate: () => {
        throw new Error("a simulated Valkey has no second connection: its channel is a link of the bus")
      },
      timings: valkeyTimings
    })
  }

  forget(process: Process): void {
    this.#listeners.delete(process)
  }

  #command(command: string, args: ReadonlyArray<string>): Reply {
    const reply = this.engine.run(command, args)
    this.#ask(command, args, reply, (real, now_ms) => real.command(command, args, now_ms))
    return reply
  }

  #script(sound: Script, args: ReadonlyArray<string>): Reply {
    const script = this.#broken(sound)
    const reply = this.#scripts.run(script, args)
    this.#ask(script.name, args, reply, (real, now_ms) => real.script(script, args, now_ms))
    return reply
  }

  #broken(sound: Script): Script {
    const { rewrite } = this.#options
    if (rewrite === undefined) return sound
    const known = this.#rewritten.get(sound.sha) ??
      { ...sound, lua: rewrite(sound), sha: `${sound.sha}-broken` }
    this.#rewritten.set(sound.sha, known)
    return known
  }

  #ask(
    name: string,
    args: ReadonlyArray<string>,
    reply: Reply,
    requestOf: (real: RealValkey, now_ms: number) => Request | null
  ): void {
    const { real, time } = this.#options
    const request = real === null ? null : requestOf(real, time.now_ms)
    if (request === null) return
    this.#unasked.push({ name, args, reply, request })
    if (this.#unasked.length >= askedAtOnce) this.compare()
  }

  /** Asks the real one what it has not been asked so far. */
  compare(): void {
    const asked = this.#unasked.splice(0)
    const responses = asked.length === 0 ? [] : this.#options.real?.ask(asked.map(({ request }) => request))
    responses?.forEach((response, index) => this.#note(asked[index]!, response))
  }

  #note({ args, name, reply }: Asked, response: Response): void {
    if (this.differences.length >= differencesMax) return
    const said = response._tag === "Error" ? response.message : comparable(name, response.reply)
    const simulated = comparable(name, reply)
    if (said === simulated) return
    const short = (text: string) => text.length > 300 ? `${text.slice(0, 300)}...` : text
    this.differences.push(
      `${name}(${short(args.join(", "))}): ${short(said)}, the simulated one ${short(simulated)}`
    )
  }

  #tell(event: "ready" | "lost"): void {
    for (const [process, listeners] of this.#listeners) {
      process.enter(() => {
        for (const listener of listeners) listener(event)
      })
    }
  }
}
