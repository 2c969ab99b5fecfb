// Everything that happened on one phone, for traces, timelines and checkers.
import type { Answer, CallFailure } from "./connection.ts"
import type { PhoneApp } from "./phone-app.ts"

export interface Watcher {
  readonly onEvent?: (app: PhoneApp, event: Answer) => void
  readonly onCall?: (app: PhoneApp, tag: string, payload: object, outcome: Answer | CallFailure) => void
  readonly onConnection?: (app: PhoneApp, what: string) => void
  readonly onFrame?: (app: PhoneApp, direction: "up" | "down", frame: string) => void
  /** A request as it leaves the phone. */
  readonly onRequest?: (app: PhoneApp, tag: string, payload: Answer) => void
}
