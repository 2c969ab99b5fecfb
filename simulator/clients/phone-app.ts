// A phone app: keeps its user signed in and connected, resumes the event stream, repeats calls whose answer
// was lost with the same ids, and keeps the client state. What its user does is in customer, mitra and staff.
import * as Clock from "effect/Clock"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { Process } from "../kernel/process.ts"
import { start } from "../kernel/runtime.ts"
import type { Prng } from "../kernel/prng.ts"
import type { Runner, World } from "../world.ts"
import {
  type Answer,
  answerTo,
  type CallFailure,
  ConnectionLost,
  notSignedIn,
  pendingEnd,
  PhoneConnection,
  Refused,
  type Settle,
  waitOf
} from "./connection.ts"
import { ClientState } from "./client-state.ts"
import type { Watcher } from "./watcher.ts"

export type Role = "customer" | "mitra" | "staff"

export interface Tokens {
  readonly access_token: string
  readonly refresh_token: string | null
  readonly user_id: string
}

export interface PhoneAppOptions {
  readonly world: World
  readonly name: string
  readonly role: Role
  readonly watcher: Watcher
  /** Makes the first tokens on an open connection: an anonymous sign-in, a phone's code, a password. */
  readonly signIn: (call: PhoneApp["ask"]) => Effect.Effect<Tokens, CallFailure>
}

/** Made once, not for each call: a generator function of its own would be a new shape to the machine. */
const repeatedly = Effect.fnUntraced(
  function*(app: PhoneApp, tag: string, payload: object, withinMs: number) {
    const giveUpAt = (yield* Clock.currentTimeMillis) + withinMs
    for (;;) {
      yield* app.until(() => app.isConnected, Math.max(1, giveUpAt - (yield* Clock.currentTimeMillis)))
      const outcome = yield* Effect.result(app.ask(tag, payload))
      if (outcome._tag === "Success") return outcome.success
      const { failure } = outcome
      const mayRepeat = failure._tag === "TryLater" || failure._tag === "ConnectionLost"
      if (!mayRepeat || (yield* Clock.currentTimeMillis) >= giveUpAt) return yield* Effect.fail(failure)
      yield* Effect.sleep(failure._tag === "TryLater" ? failure.retry_after_ms : app.prng.between(100, 600))
    }
  }
)

export class PhoneApp {
  readonly name: string
  readonly role: Role
  readonly prng: Prng
  /** Survives the app being killed: a phone's own storage. */
  readonly clientState = new ClientState(() => this.id)
  tokens: Tokens | null = null
  /** Null until the first sign-in. */
  id: string | null = null
  process: Process
  readonly #options: PhoneAppOptions
  #connection: PhoneConnection | null = null
  #isSubscribed = false
  #observers = new Set<() => void>()
  #runtime: Context.Context<never> | null = null
  #starts = 0
  #ids = 0
  /** Where the next connection goes; the balancer's choice unless a scenario wants one. */
  prefers: Runner | undefined = undefined

  constructor(options: PhoneAppOptions) {
    this.#options = options
    this.name = options.name
    this.role = options.role
    this.prng = options.world.prng.split(`app/${options.name}`)
    this.process = new Process(options.name)
  }

  get isConnected(): boolean {
    return this.#connection?.isOpen === true && this.#isSubscribed
  }

  get connection(): PhoneConnection | null {
    return this.#connection
  }

  /** An id for a command that may be repeated. */
  newId(): string {
    this.#ids += 1
    return `${this.name}-${String(this.#ids).padStart(8, "0")}`
  }

  /** Started, and neither closed nor killed since: it ought to be connected whenever the network lets it. */
  get isRunning(): boolean {
    return this.#runtime !== null
  }

  /** Starts the app: it connects, signs in and stays there. `life` is what its owner does with it. */
  launch(life: Effect.Effect<unknown>): Fiber.Fiber<unknown> {
    this.#starts += 1
    if (this.process.state === "dead") this.process = new Process(this.name)
    const runtime = this.#options.world.runtime(this.process, `app/${this.name}/${this.#starts}`)
    this.#runtime = runtime
    start(runtime, this.#stayConnected)
    return start(runtime, life)
  }

  /** One more thing that its owner does with the running app. */
  also(deed: Effect.Effect<unknown>): void {
    if (this.#runtime !== null) start(this.#runtime, deed)
  }

  /** The operating system ends the app: its connection is reset, its memory is gone, its storage is not. */
  kill(): void {
    this.#connection?.line?.cut()
    this.#stop()
  }

  /** Its owner puts the app away: it says so to the server. */
  close(): void {
    this.#connection?.line?.hangUp()
    this.#stop()
  }

  /** A new sign-in of this user, or of the account the phone belongs to; the connection stays. */
  adopt(tokens: Tokens): void {
    this.tokens = tokens
    this.id = tokens.user_id
    this.#connection?.hangUp()
  }

  #stop(): void {
    this.process.kill()
    this.#runtime = null
    this.#connection = null
    this.#isSubscribed = false
    this.#observers.clear()
  }

  /** True as soon as `holds` is; false when the time is up first. */
  readonly until = (holds: () => boolean, withinMs: number): Effect.Effect<boolean> =>
    Effect.callback<boolean>((resume) => {
      if (holds()) return resume(Effect.succeed(true))
      const { time } = this.#options.world
      const timer = time.after(withinMs, this.process, () => settle(false))
      const check = () => holds() && settle(true)
      const settle = (answer: boolean) => {
        this.#observers.delete(check)
        time.cancel(timer)
        resume(Effect.succeed(answer))
      }
      this.#observers.add(check)
      return Effect.sync(() => {
        this.#observers.delete(check)
        time.cancel(timer)
      })
    })

  /** One attempt on the present connection. */
  readonly ask = (tag: string, payload: object): Effect.Effect<Answer, CallFailure> =>
    answerTo((settle) => this.request(tag, payload, settle))

  /** The same without a fiber: for what is asked all day. */
  request(tag: string, payload: object, settle: Settle): void {
    const { watcher } = this.#options
    const noted: Settle = {
      answered: (answer) => {
        watcher.onCall?.(this, tag, payload, answer)
        settle.answered(answer)
      },
      failed: (failure) => {
        watcher.onCall?.(this, tag, payload, failure)
        settle.failed(failure)
      }
    }
    if (this.#connection === null) noted.failed(new ConnectionLost(0, "not connected"))
    else this.#connection.request(tag, payload, noted)
  }

  /**
   * Repeats until it is known what became of it: the payload must carry its own id. Fails with a refusal,
   * or with the last failure when `withinMs` is over.
   */
  readonly call = (tag: string, payload: object, withinMs = 120_000): Effect.Effect<Answer, CallFailure> =>
    repeatedly(this, tag, payload, withinMs)

  readonly #stayConnected: Effect.Effect<void> = Effect.gen({ self: this }, function*() {
    for (let attempt = 0;;) {
      const over = yield* Effect.flip(this.#connectOnce(() => {
        attempt = 0
      }))
      this.#isSubscribed = false
      this.#options.watcher.onConnection?.(this, `over ${over.code} ${over.reason}`)
      this.#changed()
      if (over.code === 401 || over.code === 4001) yield* this.#refresh
      // Signed out from outside: the app shows its sign-in page and starts again.
      if (over.code === 4503) this.tokens = null
      yield* Effect.sleep(waitOf(over, attempt++, this.prng))
    }
  })

  /** Connects, and fails when that connection is over. */
  #connectOnce(connected: () => void): Effect.Effect<never, ConnectionLost> {
    return Effect.gen({ self: this }, function*() {
      const { role, watcher, world } = this.#options
      const { promise, settle } = pendingEnd()
      const connection = new PhoneConnection({
        world,
        process: this.process,
        listener: role === "staff" ? "internal" : "public",
        peer: `phone of ${this.name}`,
        onEvent: (event) => {
          this.clientState.hear(event, world.time.now_ms)
          watcher.onEvent?.(this, event)
          this.#changed()
        },
        onOver: settle,
        onFrame: (direction, frame) => watcher.onFrame?.(this, direction, frame),
        onRequest: (tag, payload) => watcher.onRequest?.(this, tag, payload)
      })
      this.#connection = connection
      yield* connection.open(this.tokens?.access_token ?? null, this.prefers)
      yield* Effect.mapError(
        this.tokens === null ? this.#signIn : Effect.void,
        (failure) => {
          const over = failure._tag === "ConnectionLost" ? failure : notSignedIn(failure)
          connection.hangUp(over)
          return over
        }
      )
      if (role !== "staff") {
        connection.follow("events.subscribe", {
          since: this.clientState.since(),
          ...this.clientState.epoch
        })
      }
      this.#isSubscribed = true
      watcher.onConnection?.(this, "connected")
      connected()
      this.#changed()
      return yield* promise
    })
  }

  get #signIn(): Effect.Effect<void, CallFailure> {
    return Effect.gen({ self: this }, function*() {
      const tokens = yield* this.#options.signIn(this.ask)
      const authenticate = this.role === "staff" ? "admin.authenticate" : "auth.authenticate"
      yield* this.ask(authenticate, { access_token: tokens.access_token })
      this.tokens = tokens
      this.id = tokens.user_id
    })
  }

  /** On a connection of its own without a token: the server refuses an expired one at the handshake. */
  get #refresh(): Effect.Effect<void> {
    return Effect.gen({ self: this }, function*() {
      const { tokens } = this
      if (tokens === null) return
      if (tokens.refresh_token === null) {
        this.tokens = null
        return
      }
      const { world } = this.#options
      const connection = new PhoneConnection({
        world,
        process: this.process,
        listener: "public",
        peer: `phone of ${this.name}`,
        onEvent: () => {},
        onOver: () => {}
      })
      yield* connection.open(null)
      const fresh = yield* Effect.result(
        connection.call("auth.refresh", { refresh_token: tokens.refresh_token })
      )
      connection.hangUp()
      if (fresh._tag === "Success") this.tokens = fresh.success as Tokens
      else if (fresh.failure instanceof Refused) this.tokens = null
    }).pipe(Effect.ignore)
  }

  #changed(): void {
    for (const check of this.#observers) check()
  }
}
