// The simulated Valkey: one server that runners reach over the wire, and the `Valkey` service of each
// runner with the real limits on waiting. What lies above it (breaker, mirror, reseed, presence, rate
// limits, beacon) is the server's own code.
import * as Effect from "effect/Effect"
import { unavailable, Valkey, valkeyTimings } from "../../src/layers/platform/valkey/connection.ts"
import type { Process } from "../kernel/process.ts"
import type { VirtualTime } from "../kernel/virtual-time.ts"
import { LuaScripts } from "./lua.ts"
import type { Store } from "./store.ts"
import { type Reply, ValkeyEngine } from "./valkey-engine.ts"

type Listener = (event: "ready" | "lost") => void

export class SimulatedValkey {
  readonly store: Store
  readonly engine: ValkeyEngine
  readonly #scripts: LuaScripts
  readonly #listeners = new Map<Process, Set<Listener>>()

  constructor(store: Store, time: VirtualTime) {
    this.store = store
    this.engine = new ValkeyEngine(() => time.now_ms)
    this.#scripts = new LuaScripts(this.engine)
  }

  goDown(): void {
    this.store.goDown()
    this.#tell("lost")
  }

  /** `empty`: it has forgotten everything, as a replaced one has. */
  comeUp(options: { readonly empty: boolean }): void {
    if (options.empty) this.engine.wipe()
    this.store.comeUp()
    this.#tell("ready")
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
        ask(() => this.engine.run(command, args.map(String)), valkeyTimings.answer_within_ms),
      run: (script, args, within_ms = valkeyTimings.answer_within_ms) =>
        ask(() => this.#scripts.run(script, args.map(String)), within_ms),
      state: Effect.sync(() => ({
        connected_since: this.store.isDown ? null : 0,
        latency_ms: null,
        last_error: null
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

  #tell(event: "ready" | "lost"): void {
    for (const [process, listeners] of this.#listeners) {
      process.enter(() => {
        for (const listener of listeners) listener(event)
      })
    }
  }
}
