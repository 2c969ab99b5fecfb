// What a page and a Chrome trace show beyond the rows at the end: who owned which actor when, and the frames
// of the last minutes. Kept only where somebody will look at it.
import type { MakeRule } from "../checkers/rule.ts"
import type { RunContext } from "../simulation.ts"

/** An actor in the hands of a runner from this moment on; null: of nobody. */
export interface Ownership {
  readonly at_us: number
  readonly actor: string
  readonly kind: "session" | "mitra"
  readonly runner: string | null
  readonly epoch: number
}

export interface RecordedFrame {
  readonly at_us: number
  readonly who: string
  readonly direction: "up" | "down"
  readonly frame: string
}

export interface RecordedConnection {
  readonly at_us: number
  readonly who: string
  readonly what: string
}

/** Frames are thrown away in halves: the newest are those that somebody will want to see. */
const framesMax = 40_000

export class Recording {
  readonly ownership: Array<Ownership> = []
  readonly connections: Array<RecordedConnection> = []
  #frames: Array<RecordedFrame> = []

  get frames(): ReadonlyArray<RecordedFrame> {
    return this.#frames
  }

  /** Before the run begins. */
  attach({ watchers, world }: RunContext): void {
    const { time } = world
    watchers.push({
      onFrame: (app, direction, frame) => {
        this.#frames.push({ at_us: time.now_us, who: app.name, direction, frame })
        if (this.#frames.length > framesMax) this.#frames = this.#frames.slice(framesMax / 2)
      },
      onConnection: (app, what) => this.connections.push({ at_us: time.now_us, who: app.name, what })
    })
  }

  /** To be added to the rules of the checker; it never complains. */
  readonly rule: MakeRule = ({ now_ms }) => {
    const note = (kind: Ownership["kind"]) =>
    (
      { after, before, key }: {
        readonly key: string
        readonly before: { readonly owner_runner: string | null; readonly owner_epoch: number } | undefined
        readonly after: { readonly owner_runner: string | null; readonly owner_epoch: number } | undefined
      }
    ) => {
      if (after === undefined) return
      const isSame = before?.owner_runner === after.owner_runner && before?.owner_epoch === after.owner_epoch
      if (isSame || (before === undefined && after.owner_runner === null)) return
      const { owner_epoch, owner_runner } = after
      this.ownership.push({
        at_us: now_ms() * 1000,
        actor: key,
        kind,
        runner: owner_runner,
        epoch: owner_epoch
      })
    }
    return { rows: { chat_sessions: note("session"), mitra_status: note("mitra") } }
  }
}
