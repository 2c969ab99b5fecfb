// A simulated database server: it runs a caller's statement when the request has arrived, and the answer
// has a way back. It can be slow, stall, be down, or die between doing a thing and saying so. What a
// killed caller had already sent is still done.
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scheduler from "effect/Scheduler"
import { Unavailable } from "../../src/services/platform/unavailable.ts"
import { Process } from "../kernel/process.ts"
import type { Prng } from "../kernel/prng.ts"
import type { VirtualTime } from "../kernel/virtual-time.ts"
import { BetweenStatements } from "../../testkit/memory/store/statements.ts"
import type { Latency } from "../network/line.ts"

/** How long a real statement lasts in virtual time: long enough for others to begin meanwhile. */
const statementMs = [0.3, 6] as const

export class Store {
  readonly name: string
  /** Freezing it is a stall: requests wait, nothing is lost. */
  readonly process: Process
  readonly #time: VirtualTime
  readonly #prng: Prng
  readonly #latency: Latency
  readonly #begin: ReturnType<typeof Effect.runForkWith<never>>
  readonly #isNear: boolean
  #isDown = false
  #extra_ms = 0
  /** Counts its restarts: an answer of an earlier life never arrives. */
  #life = 0
  #loses = 0
  #cutOff = new Set<Process>()
  /** Called after each statement, which is one transaction: the checker reads what it changed. */
  afterStatement: () => void = () => {}
  #split: { readonly share: number; readonly prng: Prng } | null = null

  constructor(options: {
    readonly name: string
    readonly time: VirtualTime
    readonly prng: Prng
    readonly latency: Latency
    /** Where statements run: their ids and times must not depend on who asks. */
    readonly context: Context.Context<never>
    /**
     * With a single caller no request overtakes another: it runs when sent, and is answered after both ways.
     */
    readonly isNear: boolean
  }) {
    this.name = options.name
    this.process = new Process(options.name)
    this.#time = options.time
    this.#prng = options.prng
    this.#latency = options.latency
    // A statement is one step: its fiber must not yield to others.
    this.#begin = Effect.runForkWith(Context.add(options.context, Scheduler.PreventSchedulerYield, true))
    this.#isNear = options.isNear
  }

  get isDown(): boolean {
    return this.#isDown
  }

  goDown(): void {
    this.#isDown = true
    this.#life += 1
  }

  comeUp(): void {
    this.#isDown = false
  }

  slowBy(ms: number): void {
    this.#extra_ms = ms
  }

  /** This share of the answers gets lost after the statement: a connection that dies at the worst moment. */
  loseAnswers(share: number): void {
    this.#loses = share
  }

  cutOff(process: Process): void {
    this.#cutOff.add(process)
  }

  reconnect(process: Process): void {
    this.#cutOff.delete(process)
  }

  /** From now on others may come between the statements of one call, at so many of the places for it. */
  splitCalls(share: number, prng: Prng): void {
    this.#split = share > 0 ? { share, prng } : null
  }

  /** One step of the store is one transaction; only a call of several waits, between two of them. */
  call<A, E>(caller: Process, statement: Effect.Effect<A, E>): Effect.Effect<A, E | Unavailable> {
    return Effect.callback<A, E | Unavailable>((resume) => {
      const life = this.#life
      const answer = (exit: Exit.Exit<A, E | Unavailable>, afterMs: number) =>
        this.#time.after(afterMs, caller, () => {
          const isLost = this.#life !== life || this.#cutOff.has(caller)
          resume(isLost && Exit.isSuccess(exit) ? Effect.fail(this.#gone()) : exit)
        })
      const arrive = (afterMs: number) => {
        if (this.#isDown || this.#cutOff.has(caller)) return answer(Exit.fail(this.#gone()), afterMs)
        this.#run(
          statement,
          caller,
          (exit) => answer(this.#prng.chance(this.#loses) ? Exit.fail(this.#gone()) : exit, afterMs)
        )
      }
      if (this.#isNear && this.process.state === "running") {
        return void arrive(this.#travelMs() + this.#travelMs())
      }
      this.#time.after(this.#travelMs(), this.process, () => arrive(this.#travelMs()))
    })
  }

  /**
   * The same of a real server: the statement begins when the request has arrived and goes on while virtual
   * time does, up to the instant at which it is drawn to be over; there, time waits for it.
   */
  callReal<A, E>(
    caller: Process,
    begin: () => Promise<Exit.Exit<A, E>>
  ): Effect.Effect<A, E | Unavailable> {
    return Effect.callback<A, E | Unavailable>((resume) => {
      const life = this.#life
      const answer = (exit: Exit.Exit<A, E | Unavailable>, due_us: number) =>
        this.#time.at(due_us + this.#travelMs() * 1000, caller, () => {
          const isLost = this.#life !== life || this.#cutOff.has(caller)
          resume(isLost && Exit.isSuccess(exit) ? Effect.fail(this.#gone()) : exit)
        })
      this.#time.after(this.#travelMs(), this.process, () => {
        if (this.#isDown || this.#cutOff.has(caller)) {
          return answer(Exit.fail(this.#gone()), this.#time.now_us)
        }
        const hold = this.#time.hold(this.#time.now_us + this.#prng.between(...statementMs) * 1000)
        void begin().then((exit) => {
          this.#time.release(hold)
          this.afterStatement()
          answer(this.#prng.chance(this.#loses) ? Exit.fail(this.#gone()) : exit, hold.due_us)
        })
      })
    })
  }

  #run<A, E>(
    statement: Effect.Effect<A, E>,
    caller: Process,
    ended: (exit: Exit.Exit<A, E>) => void
  ): void {
    const end = (exit: Exit.Exit<A, E>): void => {
      if (Exit.isFailure(exit) && Cause.hasInterrupts(exit.cause)) {
        throw new Error("a statement was interrupted")
      }
      this.afterStatement()
      ended(exit)
    }
    const split = this.#split
    const running = this.#begin(
      split === null
        ? statement
        : Effect.provideService(statement, BetweenStatements, this.#meanwhile(caller, split))
    )
    const exit = running.pollUnsafe()
    if (exit !== undefined) return end(exit)
    if (split === null) throw new Error("a statement waited for something")
    running.addObserver(end)
  }

  /** The answer of one statement travels to the caller, who sends the next one: others come in between. */
  #meanwhile(
    caller: Process,
    { prng, share }: { readonly share: number; readonly prng: Prng }
  ): Effect.Effect<void, Unavailable> {
    return Effect.suspend(() => {
      if (!prng.chance(share)) return Effect.void
      return Effect.callback<void, Unavailable>((resume) => {
        this.afterStatement()
        const life = this.#life
        const travelMs = () => prng.between(this.#latency.low_ms, this.#latency.high_ms) + this.#extra_ms
        this.#time.after(travelMs(), caller, () => {
          this.#time.after(travelMs(), this.process, () => {
            const isThere = this.#life === life && !this.#isDown && !this.#cutOff.has(caller)
            resume(isThere ? Effect.void : Effect.fail(this.#gone()))
          })
        })
      })
    })
  }

  #gone(): Unavailable {
    return new Unavailable({ what: this.name, retryable: true })
  }

  #travelMs(): number {
    return this.#prng.between(this.#latency.low_ms, this.#latency.high_ms) + this.#extra_ms
  }
}

/** How a port's calls reach what is behind a store. */
export type Reached = (statement: Effect.Effect<unknown, unknown>) => Effect.Effect<unknown, unknown>

/** All of a port's calls travel to the store, but for those named: they have nothing to ask. */
export const overStore = <Port extends object>(
  port: Port,
  store: Store,
  caller: Process,
  local: ReadonlyArray<keyof Port> = []
): Port => reachedBy(port, (statement) => store.call(caller, statement), local)

export const reachedBy = <Port extends object>(
  port: Port,
  reach: Reached,
  local: ReadonlyArray<keyof Port> = []
): Port => {
  const travelling: Record<string, unknown> = {}
  for (const [name, member] of Object.entries(port)) {
    if (local.includes(name as keyof Port)) travelling[name] = member
    else if (typeof member === "function") {
      travelling[name] = (...args: ReadonlyArray<unknown>) => reach(member(...args))
    } else if (Effect.isEffect(member)) travelling[name] = reach(member as Effect.Effect<unknown>)
    else throw new Error(`${name} of a port is neither a call nor an effect`)
  }
  return travelling as Port
}
