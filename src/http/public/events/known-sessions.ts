// What one phone has been given so far: per session the last sequence, both receipts, and the running
// clock. Decides nothing but "is this new"; the feed does the reading.
import { instant } from "../../../contract/fields.ts"
import type { PhoneEvent } from "../../../contract/public/events.ts"
import type { SessionEvent } from "../../../domain/session/events.ts"
import {
  type Absence,
  type Cursor,
  isTerminal,
  noCursor,
  type SessionState,
  type Side
} from "../../../domain/session/state.ts"

export const tickEveryMs = 60_000
/** Sessions that are over are forgotten, oldest first, beyond this many. */
const rememberedMax = 200

interface Known {
  last_seq: number
  /** When the paid time runs out, while it runs. */
  ends_at: number | null
  tick_at: number
  cursors: Record<Side, Cursor>
  is_over: boolean
  /** Why the mitra cannot be reached, as far as this phone was told. */
  away: Absence["cause"] | null
}

const endsAfter = (event: SessionEvent, before: number | null): number | null => {
  switch (event._tag) {
    case "Paired":
    case "Rerouted":
    case "SessionResumed":
      return event.ends_at
    case "ExtensionRequested":
    case "ClosingStarted":
    case "SessionCompleted":
      return null
    default:
      return before
  }
}

const endings = new Set<SessionEvent["_tag"]>(["RequestCancelled", "RequestExpired", "SessionCompleted"])

const sameCursor = (a: Cursor, b: Cursor): boolean =>
  a.delivered_seq === b.delivered_seq && a.read_seq === b.read_seq

const none: ReadonlyMap<string, Known> = new Map()

export class KnownSessions {
  /** Its own once there is one: most phones have none, and an empty map is a fifth of a KiB. */
  #sessions: ReadonlyMap<string, Known> = none
  readonly #userId: string

  constructor(userId: string) {
    this.#userId = userId
  }

  has(sessionId: string): boolean {
    return this.#sessions.has(sessionId)
  }

  /** A session this phone was never told of starts before its first event. */
  lastSeq(sessionId: string): number {
    return this.#sessions.get(sessionId)?.last_seq ?? 0
  }

  /** Over for this phone: nothing that is still said there is meant for it. */
  isOver(sessionId: string): boolean {
    return this.#sessions.get(sessionId)?.is_over === true
  }

  /** Sessions that something may still happen to, as far as this phone knows. */
  openIds(): ReadonlyArray<string> {
    return [...this.#sessions].flatMap(([id, known]) => known.is_over ? [] : [id])
  }

  /** From a session as read; the phone holds its events up to `lastSeq`. */
  put(state: SessionState, lastSeq: number, now: number): void {
    this.#keep(state.id, {
      last_seq: lastSeq,
      ends_at: state.ends_at,
      tick_at: now + tickEveryMs,
      cursors: { ...state.cursors },
      is_over: isTerminal(state.status),
      away: state.absence?.cause ?? null
    })
  }

  /** The phone is told to fetch the rest itself: from here on it gets what comes after. */
  skipTo(sessionId: string, seq: number): void {
    const known = this.#get(sessionId, 0)
    known.last_seq = seq
    // It is not among those that are alive for this phone: no clock runs for it there.
    known.ends_at = null
    known.is_over = true
  }

  /** One more event given. */
  heard(sessionId: string, seq: number, event: SessionEvent, now: number): void {
    const known = this.#get(sessionId, now)
    known.last_seq = seq
    // A chat that staff give to another is over for her alone; it may come back to her.
    const isLost = event._tag === "Rerouted" && event.from_mitra_id === this.#userId
    known.ends_at = isLost ? null : endsAfter(event, known.ends_at)
    // Whoever takes over is there, and after the end nobody waits.
    if (event._tag === "Rerouted" || event._tag === "ClosingStarted") known.away = null
    if (event._tag === "Paired" || event._tag === "Rerouted") known.tick_at = now + tickEveryMs
    if (endings.has(event._tag) || isLost) known.is_over = true
    else if (event._tag === "Rerouted") known.is_over = false
  }

  /** True when this is news of whether the mitra can be reached. */
  away(sessionId: string, absence: Absence | null): boolean {
    const known = this.#get(sessionId, 0)
    const cause = absence?.cause ?? null
    if (known.away === cause) return false
    known.away = cause
    return true
  }

  /** Where the paid time ends now; null while it stands. */
  clock(sessionId: string, endsAt: number | null): void {
    this.#get(sessionId, 0).ends_at = endsAt
  }

  /** True when this receipt says something the phone was not told yet. */
  receipt(sessionId: string, side: Side, cursor: Cursor): boolean {
    const known = this.#get(sessionId, 0)
    if (sameCursor(known.cursors[side], cursor)) return false
    known.cursors[side] = cursor
    return true
  }

  /** When the next tick is due; null while no clock runs. */
  nextTickAt(): number | null {
    let next: number | null = null
    for (const known of this.#sessions.values()) {
      if (known.ends_at !== null && (next === null || known.tick_at < next)) next = known.tick_at
    }
    return next
  }

  /** The ticks due by now. A phone that was slow gets one, not all it missed. */
  ticks(now: number): ReadonlyArray<PhoneEvent> {
    const due = [...this.#sessions].filter(([, known]) => known.ends_at !== null && known.tick_at <= now)
    return due.map(([session_id, known]) => {
      known.tick_at = now + tickEveryMs
      const ends_at = known.ends_at ?? now
      return {
        _tag: "tick",
        session_id,
        server_now: instant(now),
        ends_at: instant(ends_at),
        remaining_ms: Math.max(0, ends_at - now)
      }
    })
  }

  #get(sessionId: string, now: number): Known {
    const before = this.#sessions.get(sessionId)
    if (before !== undefined) return before
    const known: Known = {
      last_seq: 0,
      ends_at: null,
      tick_at: now + tickEveryMs,
      cursors: { customer: noCursor, mitra: noCursor },
      is_over: false,
      away: null
    }
    this.#keep(sessionId, known)
    return known
  }

  #keep(sessionId: string, known: Known): void {
    const sessions = this.#sessions === none ? new Map<string, Known>() : this.#sessions as Map<string, Known>
    this.#sessions = sessions.set(sessionId, known)
    if (sessions.size <= rememberedMax) return
    for (const [id, { is_over }] of sessions) {
      if (!is_over) continue
      sessions.delete(id)
      if (sessions.size <= rememberedMax) return
    }
  }
}
