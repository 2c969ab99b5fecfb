// One pub/sub channel of a simulated store, as a link of the bus: a listener receives what is sent after it
// subscribed, in order, unless a fault loses, doubles or delays it.
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import { batchLimit, type Link } from "../../src/layers/bus/link.ts"
import type { Process } from "../kernel/process.ts"
import type { Prng } from "../kernel/prng.ts"
import type { VirtualTime } from "../kernel/virtual-time.ts"
import type { Store } from "../stores/store.ts"
import type { Latency } from "./line.ts"

interface Listener {
  readonly process: Process
  readonly queue: Queue.Queue<string, string>
  arrives_us: number
}

export interface ChannelFaults {
  lose: number
  double: number
  delay_ms: number
}

const lostCause = Cause.fail("the connection is gone")
const queuedMax = 10_000

export class Channel {
  readonly #time: VirtualTime
  readonly #prng: Prng
  readonly #latency: Latency
  readonly #store: Store
  /** Whether a sender learns how many listened (Valkey) or may rely on delivery (Postgres). */
  readonly #counts: boolean
  readonly #listeners = new Set<Listener>()
  readonly faults: ChannelFaults = { lose: 0, double: 0, delay_ms: 0 }

  constructor(options: {
    readonly time: VirtualTime
    readonly prng: Prng
    readonly latency: Latency
    readonly store: Store
    readonly counts: boolean
  }) {
    this.#time = options.time
    this.#prng = options.prng
    this.#latency = options.latency
    this.#store = options.store
    this.#counts = options.counts
  }

  /** The store closed all connections, or this one process' connection broke. */
  disconnect(process: Process | null = null): void {
    for (const listener of this.#listeners) {
      if (process !== null && listener.process !== process) continue
      this.#listeners.delete(listener)
      listener.process.enter(() => Queue.failCauseUnsafe(listener.queue, lostCause))
    }
  }

  linkOf(process: Process): Link {
    return {
      name: this.#store.name,
      send: (payloads) => this.#store.call(process, Effect.sync(() => this.#deliver(payloads))),
      listeners: this.#counts
        ? this.#store.call(process, Effect.sync(() => this.#listeners.size))
        : null,
      listen: Effect.acquireRelease(
        Effect.gen({ self: this }, function*() {
          const queue = yield* Queue.dropping<string, string>(queuedMax)
          return yield* this.#store.call(process, Effect.sync(() => this.#subscribe(process, queue)))
        }),
        (listener) => Effect.sync(() => this.#listeners.delete(listener))
      ).pipe(Effect.map(({ queue }) => Queue.takeBetween(queue, 1, batchLimit)))
    }
  }

  #subscribe(process: Process, queue: Queue.Queue<string, string>): Listener {
    const listener = { process, queue, arrives_us: 0 }
    this.#listeners.add(listener)
    return listener
  }

  #deliver(payloads: ReadonlyArray<string>): number | null {
    for (const listener of this.#listeners) {
      for (const payload of payloads) {
        if (this.#prng.chance(this.faults.lose)) continue
        this.#carry(listener, payload)
        if (this.#prng.chance(this.faults.double)) this.#carry(listener, payload)
      }
    }
    return this.#counts ? this.#listeners.size : null
  }

  #carry(listener: Listener, payload: string): void {
    const delay = this.#prng.between(this.#latency.low_ms, this.#latency.high_ms) +
      this.#prng.between(0, this.faults.delay_ms)
    const due = Math.max(listener.arrives_us, this.#time.now_us + Math.round(delay * 1000))
    listener.arrives_us = due
    this.#time.at(due, listener.process, () => {
      if (this.#listeners.has(listener)) Queue.offerUnsafe(listener.queue, payload)
    })
  }
}
