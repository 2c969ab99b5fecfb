// One rule of the checker: what it may look at, and how it reports a violation. Rules know the product's
// words and the rows, and nothing of how the server decides.
import type { Tables } from "../../testkit/memory/store/tables.ts"
import type { TurnWrite } from "../../src/services/journal/journal.ts"
import type { PhoneApp } from "../clients/phone-app.ts"
import type { Answer, CallFailure } from "../clients/connection.ts"
import type { LogLine } from "../kernel/runtime.ts"
import type { Process } from "../kernel/process.ts"
import type { PushService } from "../stores/push-service.ts"
import type { SimulatedValkey } from "../valkey/simulated-valkey.ts"
import type { RunnerEvent } from "../world.ts"
import type { Calm } from "./calm.ts"
import type { RowListeners } from "./rows.ts"

/** A user's phone, as far as rules look at it. */
export type Phone = Pick<
  PhoneApp,
  "name" | "role" | "id" | "tokens" | "clientState" | "isConnected" | "connection" | "process"
>

export interface About {
  readonly session_id?: string | null
  /** Names of phones, for the timeline. */
  readonly people?: ReadonlyArray<string>
}

export interface CheckerContext extends Calm {
  readonly tables: Tables
  readonly now_ms: () => number
  readonly phones: () => ReadonlyArray<Phone>
  /** By the user's id; undefined for users and staff who are not simulated. */
  readonly phoneOf: (id: string) => Phone | undefined
  /** Connected over a sound line for so long; 0 while it is not. */
  readonly connectedFor_ms: (phone: Phone) => number
  /** Without a connection for so long; 0 while it has one. */
  readonly awayFor_ms: (phone: Phone) => number
  /** For so long nothing has been broken; 0 while something is. */
  readonly calmFor_ms: () => number
  /** For so long this phone is owed news at once: it is connected, and nothing is broken for it. */
  readonly owedFor_ms: (phone: Phone) => number
  /** What the server logged, warnings and worse; only ever grows. */
  readonly log: ReadonlyArray<LogLine>
  /** What the push provider took, and when; only ever grows. */
  readonly pushes: PushService["sent"]
  /** What became of the runners' processes; only ever grows. */
  readonly runnerEvents: ReadonlyArray<RunnerEvent>
  readonly isFrozen: (runner: string) => boolean
  /** The world's Valkey; null where it has none. */
  readonly valkey: Pick<SimulatedValkey, "engine" | "differences" | "compare"> | null
  /** What the payment provider took from people, by payment. */
  readonly taken: ReadonlyMap<string, { readonly amount_idr: number; readonly at_ms: number }>
}

export type Complain = (text: string, about?: About) => void

export interface Rule {
  /** Rows that one statement changed, each with its former value. */
  readonly rows?: RowListeners
  /** After all rows of the statement: what must hold between transactions must hold now. */
  readonly statement?: () => void
  readonly turn?: (turn: TurnWrite, isWritten: boolean, by: Process) => void
  readonly heard?: (phone: Phone, event: Answer) => void
  /** A request as it leaves the phone. */
  readonly sent?: (phone: Phone, tag: string, payload: Answer) => void
  /** "connected", or "over", the code and the reason. */
  readonly connection?: (phone: Phone, what: string) => void
  readonly called?: (phone: Phone, tag: string, payload: Answer, outcome: Answer | CallFailure) => void
  /** Several times per second of virtual time: for expectations that may take a while to come true. */
  readonly onInterval?: () => void
  /** After healing: everything must have come to its end. */
  readonly end?: () => void
}

export type MakeRule = (context: CheckerContext, complain: Complain) => Rule

/** The keys that one statement touched, checked once when the statement is complete. */
export class Touched {
  #keys = new Set<string>()

  readonly add = (key: string): void => {
    this.#keys.add(key)
  }

  /** Checks each key once and forgets it. */
  drain(check: (key: string) => void): void {
    if (this.#keys.size === 0) return
    const keys = this.#keys
    this.#keys = new Set()
    for (const key of keys) check(key)
  }
}

const failures = new Set(["Refused", "TryLater", "ConnectionLost", "BrokenAnswer"])

/** The answer, or null when the call failed. */
export const answerOf = (outcome: Answer | CallFailure): Answer | null =>
  failures.has((outcome as Answer)["_tag"]) ? null : outcome as Answer

/** The code of a refusal, or null for any other outcome. */
export const refusalOf = (outcome: Answer | CallFailure): string | null =>
  (outcome as Answer)["_tag"] === "Refused" ? (outcome as Answer)["code"] as string : null
