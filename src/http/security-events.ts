// Security events: what must be seen by whoever asks whether this server is being attacked, refusals by
// limits among them. Each has a count, and a line with who and from where, both masked; of one event and
// asker, and of one event in all, so many lines a minute, because an attacker decides how many there are.
import * as Effect from "effect/Effect"
import { maskedPhone } from "../domain/phone.ts"
import { count } from "../services/operations/figures.ts"
import { makePace } from "./paces.ts"
import { networkOf } from "./public/networks.ts"
import { WireClock } from "./socket/limits.ts"

export type SecurityEvent =
  /** A token that nobody here signed, or whose sign-in has ended. */
  | "token_refused"
  /** A refresh token that came back after its successor was used: theft, or an app that stores it wrongly. */
  | "refresh_reused"
  | "code_refused"
  | "origin_refused"

const linesOfOne = makePace({ burst: 3, per_second: 0.1 })
const linesOfAll = makePace({ burst: 30, per_second: 1 })

/** Runs `line` unless this event has left enough of them lately. */
export const fewLines = (event: string, who: string, line: Effect.Effect<void>): Effect.Effect<void> =>
  Effect.flatMap(WireClock, (clock) => {
    const now = clock.currentTimeMillisUnsafe()
    return linesOfOne(`${event} ${who}`, now) > 0 || linesOfAll(event, now) > 0 ? Effect.void : line
  })

// An id begins with the time it was made, which many share; the last digits are chance.
const ids = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{6}([0-9a-f]{6})/gi
const phones = /\+\d{8,}/g
const ipv4 = /(\d+\.\d+\.\d+)\.\d+/g
const ipv6 = /((?:[0-9a-f]{1,4}:){3})[0-9a-f]{1,4}::\/64/gi

/** Enough to see that it is the same one again, and too little to find them. */
export const masked = (who: string): string =>
  who.replaceAll(ids, "...$1")
    .replaceAll(phones, (phone) => maskedPhone(phone))
    .replaceAll(ipv6, "$1x")
    .replaceAll(ipv4, "$1.x")

/** The last part of an address says which house it is. */
export const maskedNetwork = (address: string): string => masked(networkOf(address))

/** `subject`: an id or a phone, where one is known. */
export const tellSecurityEvent = (
  event: SecurityEvent,
  address: string,
  subject: string | null = null
): Effect.Effect<void> =>
  Effect.suspend(() => {
    count("security_events_total", [event])
    const line = Effect.logWarning(`security: ${event}`).pipe(
      Effect.annotateLogs({
        address: maskedNetwork(address),
        ...(subject === null ? {} : { subject: masked(subject) })
      })
    )
    return fewLines(event, networkOf(address), line)
  })

/** For every refusal by a limit. */
export const tellRateLimited = (name: string, who: string): Effect.Effect<void> =>
  Effect.suspend(() => {
    count("limit_refusals_total", [name])
    const line = Effect.logWarning("rate-limited").pipe(
      Effect.annotateLogs({ limit: name, who: masked(who) })
    )
    return fewLines(name, who, line)
  })
