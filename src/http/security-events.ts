// Security events: what must be seen by whoever asks whether this server is being attacked. Each has a count,
// and a line with who and from where, both masked; of one event from one network so many lines a minute,
// because an attacker decides how many there are.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { isPhone, maskedPhone } from "../domain/phone.ts"
import { count } from "../services/operations/figures.ts"
import { networkOf } from "./public/networks.ts"
import { makePace, masked } from "./public/quotas.ts"

export type SecurityEvent =
  /** A token that nobody here signed, or whose sign-in has ended. */
  | "token_refused"
  /** A refresh token that came back after its successor was used: theft, or an app that stores it wrongly. */
  | "refresh_reused"
  | "code_refused"
  | "origin_refused"

const lines = makePace({ burst: 5, per_second: 0.1 })

/** The last part of an address says which house it is. */
export const maskedNetwork = (address: string): string => networkOf(address).replace(/[^.:]+$/, "x")

export const maskedSubject = (subject: string): string =>
  isPhone(subject) ? maskedPhone(subject) : masked(subject)

/** `subject`: an id or a phone, where one is known. */
export const tellSecurityEvent = (
  event: SecurityEvent,
  address: string,
  subject: string | null = null
): Effect.Effect<void> =>
  Effect.flatMap(Clock.currentTimeMillis, (now) => {
    count("security_events_total", [event])
    if (lines(`${event} ${networkOf(address)}`, now) > 0) return Effect.void
    return Effect.logWarning(`security: ${event}`).pipe(
      Effect.annotateLogs({
        address: maskedNetwork(address),
        ...(subject === null ? {} : { subject: maskedSubject(subject) })
      })
    )
  })
