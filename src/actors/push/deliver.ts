// Delivers claimed pushes: a person with an open app is left alone, and the last check before the provider is
// asked is whether the push is still wanted. A hold by the provider stops all that is not on its way yet.
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import {
  checkAgainMs,
  checkingMaxMs,
  pushAttemptsMax,
  retryAfterMs,
  type SessionPushKind
} from "../../domain/push.ts"
import { Accounts, type Device } from "../../services/accounts/accounts.ts"
import { Availability } from "../../services/availability/availability.ts"
import { Presence } from "../../services/availability/presence.ts"
import { reportPutOff } from "../../services/operations/failures.ts"
import { count } from "../../services/operations/figures.ts"
import { Unavailable } from "../../services/platform/unavailable.ts"
import { Push, type PushMessage, type PushResult } from "../../services/push/push.ts"
import {
  type ClaimedPush,
  type PushFinish,
  type PushHold,
  PushOutbox,
  type PushOutcome
} from "../../services/push/push-outbox.ts"
import { messageFor } from "./message.ts"

/** Nothing is worth sending that must arrive within less. */
const remainingMinMs = 1000
const holdMinMs = 1000
const holdMaxMs = 600_000

interface Tried {
  readonly outcome: PushOutcome
  readonly sent: number
  readonly failed: number
}

const untried = (outcome: PushOutcome): Tried => ({ outcome, sent: 0, failed: 0 })

/** Looks again later: the socket may close in a moment, or be dead without having been noticed. */
const whileConnected = (push: ClaimedPush, kind: SessionPushKind, now: number): PushOutcome => {
  const due_at = now + checkAgainMs[kind]
  return due_at < push.expires_at && due_at - push.created_at <= checkingMaxMs
    ? { _tag: "Waiting", due_at }
    : { _tag: "Skipped", reason: "connected" }
}

const codeOf = (results: ReadonlyArray<PushResult>): string =>
  results.map((result) => "code" in result ? result.code : "").find((code) => code !== "") ?? "unknown"

/** What became of the row, from what became of each of the person's phones. One that heard is enough. */
const outcomeOf = (
  push: ClaimedPush,
  results: ReadonlyArray<PushResult>,
  now: number,
  spread: number
): PushOutcome => {
  const has = (tag: PushResult["_tag"]) => results.some((result) => result._tag === tag)
  if (has("Sent")) return { _tag: "Sent" }
  const attempts = push.attempts + 1
  const hold = results.find((result) => result._tag === "Hold")
  if (hold !== undefined) return { _tag: "Waiting", due_at: now + hold.retry_after_ms }
  if (has("Failed")) {
    const code = codeOf(results.filter((result) => result._tag === "Failed"))
    return attempts >= pushAttemptsMax
      ? { _tag: "Dead", code }
      : { _tag: "Retry", due_at: now + retryAfterMs(attempts, spread), code }
  }
  return has("Rejected") ? { _tag: "Dead", code: codeOf(results) } : { _tag: "Skipped", reason: "no_device" }
}

/** Gives the function that delivers a claimed batch and says how many were told. */
export const makeDeliver = Effect.gen(function*() {
  const outbox = yield* PushOutbox
  const provider = yield* Push
  const accounts = yield* Accounts
  const presence = yield* Presence
  const availability = yield* Availability

  const sendTo = Effect.fnUntraced(function*(device: Device, message: PushMessage) {
    const result = yield* provider.send(message)
    if (result._tag === "TokenInvalid") {
      yield* accounts.dropInvalidDevice(device.token)
      if (device.user_type === "mitra") yield* availability.changed([device.user_id])
    }
    return result
  })

  /** One person's phones; the first answer that asks for a hold sets `held` for the whole batch. */
  const tell = Effect.fnUntraced(function*(push: ClaimedPush, held: { current: PushHold | null }) {
    const { kind, user_id, user_type } = push
    const owner = { user_type, user_id }
    // Of a new sign-in the others are told, and the socket that is open may well be the new one's.
    if (kind !== "sign_in" && (yield* presence.isConnected(owner)) === true) {
      return untried(whileConnected(push, kind, yield* Clock.currentTimeMillis))
    }
    const phones = yield* push.auth_session_id === null
      ? accounts.devicesOf(owner)
      : accounts.devicesBeside(owner, push.auth_session_id)
    if (phones.length === 0) return untried({ _tag: "Skipped", reason: "no_device" })
    if (held.current !== null) return untried({ _tag: "Waiting", due_at: held.current.until })
    const now = yield* Clock.currentTimeMillis
    const ttl_ms = push.expires_at - now
    if (ttl_ms < remainingMinMs) return untried({ _tag: "Expired" })
    // Last of all: it may have been withdrawn while we looked at sockets and phones.
    if (!(yield* outbox.isWanted(push, now))) return untried({ _tag: "Over" })
    const results = yield* Effect.forEach(
      phones,
      (phone) => sendTo(phone, messageFor(push, phone, ttl_ms)),
      { concurrency: "unbounded" }
    )
    const after = yield* Clock.currentTimeMillis
    const hold = results.find((result) => result._tag === "Hold")
    if (hold !== undefined) {
      const wait = Math.min(holdMaxMs, Math.max(holdMinMs, hold.retry_after_ms))
      held.current = { until: after + wait, reason: hold.reason }
    }
    const sent = results.filter((result) => result._tag === "Sent").length
    return {
      outcome: outcomeOf(push, results, after, yield* Random.next),
      sent,
      failed: results.filter((result) => result._tag === "Failed" || result._tag === "Rejected").length
    }
  })

  const deliverOne = (push: ClaimedPush, held: { current: PushHold | null }) =>
    Effect.gen(function*() {
      const tried: Tried = yield* tell(push, held)
      const done: PushFinish = { push, ...tried }
      yield* outbox.finish(done, yield* Clock.currentTimeMillis)
      count("pushes_total", [tried.outcome._tag])
      if (tried.outcome._tag === "Dead") {
        yield* Effect.logWarning("a push is given up: it waits for staff among the dead letters").pipe(
          Effect.annotateLogs({ push_id: push.id, kind: push.kind, code: tried.outcome.code })
        )
      }
      return tried.outcome._tag === "Sent" ? 1 : 0
    }).pipe(
      // The claim runs out by itself, and the row is due again.
      Effect.catchCause((cause) => {
        const said = "a push was not finished; its claim will run out"
        const failure = cause.reasons.find(Cause.isFailReason)?.error
        const told = failure instanceof Unavailable
          ? reportPutOff(said, failure)
          : Effect.annotateLogs(Effect.logWarning(said, cause), { push_id: push.id })
        return Effect.as(told, 0)
      })
    )

  return Effect.fnUntraced(function*(pushes: ReadonlyArray<ClaimedPush>, concurrency: number) {
    const held: { current: PushHold | null } = { current: null }
    const told = yield* Effect.forEach(pushes, (push) => deliverOne(push, held), { concurrency })
    if (held.current !== null) {
      yield* outbox.hold(held.current)
      yield* Effect.logWarning("pushes are held").pipe(Effect.annotateLogs({ ...held.current }))
    }
    return told.reduce<number>((sum, one) => sum + one, 0)
  })
})
