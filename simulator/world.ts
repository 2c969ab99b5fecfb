// A world: virtual time, one database, and runners that start, stop, die and freeze in it. It does not
// know its users: phones, staff and the payment provider come in through `dial` and `request`.
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as Context from "effect/Context"
import { ServerFailpoints } from "./faults/failpoints.ts"
import type { Hazards } from "./faults/hazards.ts"
import { Failpoints } from "../src/services/manual-clock/failpoints.ts"
import { Process } from "./kernel/process.ts"
import { type LogLine, runtimeOf, start } from "./kernel/runtime.ts"
import { Prng } from "./kernel/prng.ts"
import { VirtualTime } from "./kernel/virtual-time.ts"
import { type HttpCall, requestOf } from "./network/http-call.ts"
import { type Latency, Line, type PhoneEnd } from "./network/line.ts"
import { RunnerNetwork } from "./network/runner-network.ts"
import { type Doors, startRunner, stopRunner, type Version } from "./server/runner.ts"
import type { Mutation } from "./server/mutation.ts"
import { makeStores } from "./stores/make-stores.ts"
import type { RealStores, Timings, Stores } from "./stores/stores.ts"
import type { RealValkey } from "./valkey/real-valkey.ts"
import { HttpServerRequest, type HttpServerResponse } from "effect/http"

export interface WorldOptions {
  readonly seed: string
  readonly runners: number
  readonly valkey: boolean
  /** The instant at which the world begins, in milliseconds since the epoch. */
  readonly starts_at: number
  readonly timings: Timings
  readonly phoneLatency?: Latency
  readonly log?: (line: LogLine) => void
  /** Breaks one guard of every runner, to see that a rule reports it. */
  readonly mutation?: Mutation | null
  /** Real stores behind the simulated ways to them; null: they are simulated, too. */
  readonly real?: RealStores | null
  /** A real Valkey beside the simulated one, asked the same; null: none. */
  readonly realValkey?: RealValkey | null
  /** Dice that only some worlds are thrown with; null: none. */
  readonly hazards?: Hazards | null
}

const defaultPhoneLatency: Latency = { low_ms: 15, high_ms: 120 }
const runnerLatency: Latency = { low_ms: 0.2, high_ms: 1 }

export interface Runner {
  readonly name: string
  process: Process
  scope: Scope.Closeable
  /** Null while it starts, and when it is gone. */
  doors: Doors | null
  readonly skew: { ms: number }
  readonly lines: Set<Line>
  starts: number
  version: Version
}

/** What became of a runner's process, for timelines. */
export interface RunnerEvent {
  readonly at_us: number
  readonly runner: string
  readonly what: "starts" | "is up" | "stops" | "is killed" | "is gone"
}

export interface Dialling {
  readonly process: Process
  readonly listener: "public" | "internal"
  readonly peer: string
  readonly token: string | null
  readonly end: PhoneEnd & {
    readonly onOpen: () => void
    /** Refused before it was open, with an HTTP status; null: no runner answered. */
    readonly onRefused: (status: number | null) => void
  }
}

export class World {
  readonly time: VirtualTime
  readonly prng: Prng
  readonly stores: Stores
  readonly network: RunnerNetwork
  readonly runners: ReadonlyArray<Runner>
  readonly runnerEvents: Array<RunnerEvent> = []
  /** The process of what lies outside the service: testers and outside services. */
  readonly outside = new Process("outside")
  readonly failpoints = new ServerFailpoints()
  readonly #hazards: Hazards | null
  readonly #phoneLatency: Latency
  readonly log: (line: LogLine) => void
  #turn = 0

  constructor(options: WorldOptions) {
    const time = new VirtualTime(options.starts_at)
    const prng = new Prng(options.seed)
    this.time = time
    this.prng = prng
    this.log = options.log ?? (() => {})
    this.#hazards = options.hazards ?? null
    time.shuffle(this.#hazards?.shuffle_share ?? 0, prng.split("shuffle"))
    this.#phoneLatency = options.phoneLatency ?? defaultPhoneLatency
    this.stores = makeStores({ ...options, time, prng, log: this.log })
    this.network = new RunnerNetwork({ time, prng: prng.split("runner network"), latency: runnerLatency })
    this.runners = Array.from({ length: options.runners }, (_, index): Runner => ({
      name: `runner-${index + 1}`,
      process: new Process(`runner-${index + 1}`),
      scope: Scope.makeUnsafe(),
      doors: null,
      skew: { ms: 0 },
      lines: new Set(),
      starts: 0,
      version: this.#hazards?.has_two_versions === true && index % 2 === 0 ? "before" : "this"
    }))
    options.real?.begin(this)
    for (const runner of this.runners) this.startRunner(runner)
  }

  /** Fibers that belong to `process`. */
  runtime(process: Process, name: string, skew?: { readonly ms: number }) {
    const options = { prng: this.prng.split(name), log: this.log }
    return runtimeOf(this.time, process, skew === undefined ? options : { ...options, skew })
  }

  /** What a deploy brings: the other version, in worlds that have two. */
  get nextVersion(): Version {
    return this.#hazards?.has_two_versions === true && this.runners[0]?.version === "this" ? "before" : "this"
  }

  startRunner(runner: Runner): void {
    runner.starts += 1
    this.#noteRunner(runner, "starts")
    const process = new Process(runner.name)
    const scope = Scope.makeUnsafe()
    Object.assign(runner, { process, scope, doors: null })
    this.network.join(runner.name, process)
    const { network, stores } = this
    const { version } = runner
    const terminate = () => {
      if (runner.process === process) this.stopRunner(runner)
    }
    const starting = startRunner({ host: runner.name, process, network, stores, terminate, version }, scope)
    start(this.#runtimeOf(runner), starting).addObserver((exit) => {
      if (Exit.isFailure(exit)) this.log(this.#line(runner, `did not start: ${exit.cause}`))
      else {
        runner.doors = exit.value
        this.#noteRunner(runner, "is up")
      }
    })
  }

  /** SIGTERM. `gone` is called when the process has ended. */
  stopRunner(runner: Runner, gone: () => void = () => {}): void {
    const { process } = runner
    this.#noteRunner(runner, "stops")
    start(this.#runtimeOf(runner), stopRunner(runner.scope)).addObserver(() => {
      if (runner.process !== process || process.state === "dead") return
      this.#bury(runner)
      gone()
    })
  }

  /** SIGKILL. */
  killRunner(runner: Runner): void {
    if (runner.process.state === "dead") return
    this.#noteRunner(runner, "is killed")
    this.#bury(runner)
  }

  /** A phone or a member of staff connects through the balancer, to any runner that is there. */
  dial(dialling: Dialling, to: Runner = this.#nextRunner()): Line {
    const { end, listener, peer, process, token } = dialling
    const line = new Line({
      time: this.time,
      prng: this.prng.split(`line/${peer}/${this.time.now_us}`),
      latency: this.#phoneLatency,
      phoneProcess: process,
      runnerProcess: to.process,
      phone: end,
      onLeft: () => to.lines.delete(line)
    })
    const arrive = () => {
      const handshake = to.doors?.[listener]
      if (handshake === undefined) return this.#later(process, () => end.onRefused(null))
      if (!line.isOver) to.lines.add(line)
      const opening = Effect.sync(() => {
        this.#later(process, end.onOpen)
        return line.transport
      })
      const serving = Effect.scoped(handshake(opening, peer, token))
      start(this.#runtimeOf(to), serving).addObserver((exit) => {
        const status = Exit.isSuccess(exit) ? exit.value.status : 500
        if (status !== 204) this.#later(process, () => end.onRefused(status))
      })
    }
    // A dead process answers nothing; its machine says so at once.
    if (to.process.state === "dead") this.#later(process, () => end.onRefused(null))
    else this.#later(to.process, arrive)
    return line
  }

  /** Plain HTTP to the public listener. `answered` gets null when no runner answered. */
  request(
    call: HttpCall,
    answered: (response: HttpServerResponse.HttpServerResponse | null) => void,
    to: Runner = this.#nextRunner()
  ): void {
    if (to.process.state === "dead") return this.#later(this.outside, () => answered(null))
    this.#later(to.process, () => {
      const { doors } = to
      if (doors === null) return this.#later(this.outside, () => answered(null))
      const serving = Effect.scoped(
        Effect.provideService(doors.http, HttpServerRequest.HttpServerRequest, requestOf(call))
      )
      start(this.#runtimeOf(to), serving).addObserver((exit) =>
        this.#later(this.outside, () => answered(Exit.isSuccess(exit) ? exit.value : null))
      )
    })
  }

  #nextRunner(): Runner {
    const there = this.runners.filter(({ doors, process }) => doors !== null && process.state !== "dead")
    this.#turn += 1
    const [first] = this.runners
    const next = there[this.#turn % Math.max(1, there.length)] ?? first
    if (next === undefined) throw new Error("a world needs at least one runner")
    return next
  }

  #later(process: Process, run: () => void): void {
    const { high_ms, low_ms } = this.#phoneLatency
    this.time.after(this.prng.between(low_ms, high_ms), process, run)
  }

  #runtimeOf(runner: Runner) {
    const runtime = this.runtime(runner.process, `${runner.name}/${runner.starts}`, runner.skew)
    return this.#hazards?.has_failpoints === true || this.#hazards?.has_named_failpoints === true
      ? Context.add(runtime, Failpoints, this.failpoints.gateOf(this, runner))
      : runtime
  }

  #bury(runner: Runner): void {
    const { process } = runner
    this.#noteRunner(runner, "is gone")
    process.kill()
    runner.doors = null
    this.network.leave(runner.name)
    this.stores.leases.disconnect(`${runner.name}:1`)
    this.stores.presence.forget(process)
    this.stores.valkey?.forget(process)
    for (const channel of this.stores.channels) channel.disconnect(process)
    for (const line of runner.lines) line.reset()
    runner.lines.clear()
  }

  #noteRunner({ name }: Runner, what: RunnerEvent["what"]): void {
    this.runnerEvents.push({ at_us: this.time.now_us, runner: name, what })
  }

  #line(runner: Runner, text: string): LogLine {
    return { at_ms: this.time.now_ms, process: runner.name, level: "Error", text }
  }
}
