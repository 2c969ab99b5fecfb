// One connection between a phone and a runner: text frames both ways, in order, each a little late. It can
// be closed by either side, cut so that both notice, or fall silent so that neither side does.
import type { Listener, Transport } from "../../src/http/socket/transport.ts"
import type { Process } from "../kernel/process.ts"
import type { Prng } from "../kernel/prng.ts"
import type { VirtualTime } from "../kernel/virtual-time.ts"

export interface Latency {
  readonly low_ms: number
  readonly high_ms: number
}

/** What the phone hears. */
export interface PhoneEnd {
  readonly onFrame: (frame: string) => void
  readonly onClose: (code: number, reason: string) => void
}

const readyState = { open: 1, closing: 2, closed: 3 } as const
/** Without a frame or a ping for so long a phone gives a connection up: docs/wire.md, section 8. */
const phoneGivesUpAfterMs = 45_000
/** The code of a connection that ended without a close frame. */
const abnormal = 1006

interface Direction {
  /** Frames must not overtake each other. */
  arrives_us: number
}

export class Line {
  readonly #time: VirtualTime
  readonly #prng: Prng
  readonly #latency: Latency
  readonly #phoneProcess: Process
  readonly #runnerProcess: Process
  readonly #phone: PhoneEnd
  readonly #onLeft: () => void
  readonly #up: Direction = { arrives_us: 0 }
  readonly #down: Direction = { arrives_us: 0 }
  /** What came while the runner did not listen, or held the line. */
  #inbox: Array<string> = []
  #isHeld = false
  #listener: Listener | null = null
  #isEnded = false
  #state: number = readyState.open
  #phoneKnows = false
  #isSilent = false
  #lag_ms = 0
  #sound_us = 0
  #unread_bytes = 0

  constructor(options: {
    readonly time: VirtualTime
    readonly prng: Prng
    readonly latency: Latency
    readonly phoneProcess: Process
    readonly runnerProcess: Process
    readonly phone: PhoneEnd
    /** Called when the phone is done with the line, whichever side ended it. */
    readonly onLeft: () => void
  }) {
    this.#time = options.time
    this.#prng = options.prng
    this.#latency = options.latency
    this.#phoneProcess = options.phoneProcess
    this.#runnerProcess = options.runnerProcess
    this.#phone = options.phone
    this.#onLeft = options.onLeft
  }

  /** The name of the runner at the other end. */
  get runner(): string {
    return this.#runnerProcess.name
  }

  get isOver(): boolean {
    return this.#phoneKnows
  }

  /** From the phone's side. */
  send(frame: string): void {
    if (this.#phoneKnows) return
    this.#travel(this.#up, this.#runnerProcess, () => this.#receive(frame))
  }

  /** Since when everything arrives, and in time; null while it does not. */
  get soundSince_us(): number | null {
    return this.#isSilent || this.#lag_ms > 0 ? null : this.#sound_us
  }

  /** The phone hangs up in an orderly way. */
  hangUp(): void {
    if (this.#phoneKnows) return
    this.#phoneLeaves()
    this.#travel(this.#up, this.#runnerProcess, () => this.#end())
  }

  /** Both sides find out at once; what is on the way is lost. */
  cut(): void {
    this.#isSilent = true
    this.#runnerProcess.enter(() => this.#end())
    this.#tellPhone(abnormal, "")
  }

  /** Nothing arrives any more and neither side is told: each must notice the silence. */
  fallSilent(): void {
    if (this.#isSilent) return
    this.#isSilent = true
    this.#time.after(phoneGivesUpAfterMs, this.#phoneProcess, () => this.#tellPhone(abnormal, "silence"))
  }

  /** The phone gave up on a silent line. */
  abandon(): void {
    this.#isSilent = true
    this.#phoneLeaves()
  }

  lag(ms: number): void {
    this.#lag_ms = ms
    // What was sent before is still on its way, and what was sent after it waits behind it.
    this.#sound_us = Math.max(this.#time.now_us, this.#up.arrives_us, this.#down.arrives_us)
  }

  /** The runner's process is gone: its operating system resets the connection. */
  reset(): void {
    this.#isSilent = true
    this.#tellPhone(abnormal, "")
  }

  readonly transport: Transport = {
    wire: this.#wire(),
    listen: (to) => {
      this.#listener = to
      this.#feed()
      if (this.#isEnded) to.over()
    },
    hold: (isHeld) => {
      this.#isHeld = isHeld
      this.#feed()
    }
  }

  #wire(): Transport["wire"] {
    const state = () => this.#state
    const held = () => this.#lag_ms > 0 ? this.#unread_bytes : 0
    return {
      get readyState() {
        return state()
      },
      /** Only a slow phone leaves anything unsent: the network itself has room. */
      get bufferedAmount() {
        return held()
      },
      send: (frame, done) => this.#sendDown(frame, done),
      ping: () => this.#ping(),
      close: (code, reason) => this.#closeDown(code, reason),
      terminate: () => {
        this.#end()
        this.#travel(this.#down, this.#phoneProcess, () => this.#tellPhone(abnormal, ""))
      }
    }
  }

  #delayMs(): number {
    return this.#prng.between(this.#latency.low_ms, this.#latency.high_ms) + this.#lag_ms
  }

  #travel(direction: Direction, to: Process, arrive: () => void): void {
    const arrives_us = Math.max(direction.arrives_us, this.#time.now_us + Math.round(this.#delayMs() * 1000))
    direction.arrives_us = arrives_us
    this.#time.at(arrives_us, to, () => {
      if (!this.#isSilent) arrive()
    })
  }

  #receive(frame: string): void {
    if (this.#isEnded) return
    this.#inbox.push(frame)
    this.#feed()
  }

  #feed(): void {
    while (this.#listener !== null && !this.#isHeld && this.#inbox.length > 0) {
      this.#listener.frame(this.#inbox.shift()!)
    }
  }

  #hear(): void {
    this.#listener?.ponged()
  }

  /** The runner's side is over. */
  #end(): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#state = readyState.closed
    this.#listener?.over()
  }

  #sendDown(frame: string, done: () => void): void {
    if (this.#state !== readyState.open) return
    this.#unread_bytes += frame.length
    this.#travel(this.#down, this.#phoneProcess, () => {
      this.#unread_bytes -= frame.length
      if (!this.#phoneKnows) this.#phone.onFrame(frame)
      if (this.#lag_ms === 0) return
      // The acknowledgement of the phone's operating system.
      this.#runnerProcess.enter(done)
    })
    if (this.#lag_ms === 0) done()
  }

  /** A phone that is awake answers at once: there and back is one journey, which nothing waits behind. */
  #ping(): void {
    if (this.#phoneProcess.state === "frozen") {
      return this.#travel(this.#down, this.#phoneProcess, () => {
        if (!this.#phoneKnows) this.#travel(this.#up, this.#runnerProcess, () => this.#hear())
      })
    }
    this.#time.after(this.#delayMs() + this.#delayMs(), this.#runnerProcess, () => {
      if (!this.#isSilent && !this.#phoneKnows && this.#phoneProcess.state === "running") this.#hear()
    })
  }

  #closeDown(code: number, reason: string): void {
    if (this.#state !== readyState.open) return
    this.#state = readyState.closing
    this.#travel(this.#down, this.#phoneProcess, () => {
      this.#tellPhone(code, reason)
      this.#travel(this.#up, this.#runnerProcess, () => this.#end())
    })
  }

  #phoneLeaves(): void {
    this.#phoneKnows = true
    this.#onLeft()
  }

  #tellPhone(code: number, reason: string): void {
    if (this.#phoneKnows) return
    this.#phoneLeaves()
    this.#phoneProcess.enter(() => this.#phone.onClose(code, reason))
  }
}
