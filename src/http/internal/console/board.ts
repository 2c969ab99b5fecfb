// What the watchers of this runner are told, kept once for all of them: every live session with the version
// at which it last changed, the counts of the last hour, and what needs somebody. Plain data; who reads
// when is live-hub.ts.
import type { Alerts, LiveSession } from "../../../services/oversight/oversight.ts"

export interface Counts {
  readonly online: number
  readonly available: number
  readonly waiting: number
  readonly active: number
  readonly closing: number
}

export interface Sample extends Counts {
  readonly at: number
  readonly version: number
}

/** What needs somebody. */
export interface Attention extends Alerts {
  /** Mitras of whom Valkey says something else than Postgres. */
  readonly mirror_drift: number
}

export interface Cursor {
  readonly hub: string
  readonly version: number
}

export interface Page {
  readonly cursor: Cursor
  readonly is_reset: boolean
  readonly is_complete: boolean
  readonly sessions: ReadonlyArray<LiveSession>
  readonly removed: ReadonlyArray<string>
  readonly history: ReadonlyArray<Sample>
}

const hourMs = 3_600_000
const samplesMax = 400
const removedMax = 2_000
/** Sessions in one batch. */
export const pageMax = 300

export const noAlerts: Attention = {
  stuck: 0,
  proposals: 0,
  failed_pairings: 0,
  anomalies: 0,
  dead_letters: 0,
  mirror_drift: 0
}
const noCounts: Counts = { online: 0, available: 0, waiting: 0, active: 0, closing: 0 }

interface Line {
  readonly session: LiveSession
  readonly version: number
}

export class Board {
  /** Another one after each time nobody watched; nobody is told anything before it has a name. */
  hub: string
  counts: Counts = noCounts
  alerts: Attention = noAlerts
  version = 0
  private readonly lines = new Map<string, Line>()
  private removed: Array<{ readonly id: string; readonly version: number }> = []
  /** Who was told less than this may have missed a removal. */
  private removedSince = 0
  private samples: Array<Sample> = []

  constructor(hub: string) {
    this.hub = hub
  }

  put(session: LiveSession): void {
    this.version += 1
    // Again at the end, so that the lines lie in the order of their versions.
    this.lines.delete(session.session_id)
    this.lines.set(session.session_id, { session, version: this.version })
  }

  remove(id: string): void {
    if (!this.lines.delete(id)) return
    this.version += 1
    this.removed.push({ id, version: this.version })
    if (this.removed.length <= removedMax) return
    const dropped = this.removed.splice(0, this.removed.length - removedMax)
    this.removedSince = dropped.at(-1)?.version ?? this.removedSince
  }

  /** True when it differs from what was known. */
  setCounts(counts: Counts): boolean {
    const isNew = JSON.stringify(counts) !== JSON.stringify(this.counts)
    this.counts = counts
    if (isNew) this.version += 1
    return isNew
  }

  setAlerts(alerts: Attention): boolean {
    const isNew = JSON.stringify(alerts) !== JSON.stringify(this.alerts)
    this.alerts = alerts
    if (isNew) this.version += 1
    return isNew
  }

  sample(counts: Counts, at: number): void {
    this.version += 1
    this.samples.push({ ...counts, at, version: this.version })
    this.samples = this.samples.filter((one) => at - one.at <= hourMs).slice(-samplesMax)
  }

  lastSampleAt(): number | null {
    return this.samples.at(-1)?.at ?? null
  }

  /** Forgets the sessions, which nobody follows; a watcher of before begins anew. */
  clear(): void {
    this.lines.clear()
    this.removed = []
    this.version += 1
    this.removedSince = this.version
  }

  /** What somebody who is at `cursor` is told next. Null: from the beginning. */
  since(cursor: Cursor | null): Page {
    const is_reset = cursor === null || cursor.hub !== this.hub || cursor.version > this.version ||
      cursor.version < this.removedSince
    const from = is_reset ? 0 : cursor.version
    const { lines: found, is_complete } = this.newest(from)
    const version = is_complete ? this.version : found.at(-1)?.version ?? this.version
    return {
      cursor: { hub: this.hub, version },
      is_reset,
      is_complete,
      sessions: found.map((line) => line.session),
      removed: is_reset
        ? []
        : this.removed.filter((one) => one.version > from && one.version <= version).map((one) => one.id),
      history: this.samples.filter((one) => one.version > from && one.version <= version)
    }
  }

  private newest(from: number): { readonly lines: ReadonlyArray<Line>; readonly is_complete: boolean } {
    const found: Array<Line> = []
    for (const line of this.lines.values()) {
      if (line.version <= from) continue
      if (found.length === pageMax) return { lines: found, is_complete: false }
      found.push(line)
    }
    return { lines: found, is_complete: true }
  }
}
