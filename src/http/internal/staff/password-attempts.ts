// How often a password or a code may be tried: five times in a quarter of an hour per account and address,
// and who goes on waits two hours, then a day; more per address and per account. Each is counted before
// anything is compared, unknown emails like known ones. Also how a security event of staff is told.
import { createHash } from "node:crypto"
import * as Effect from "effect/Effect"
import { refuse } from "../../../domain/refusal.ts"
import { Staff, type StaffAccount } from "../../../services/accounts/staff.ts"
import { StaffProofs } from "../../../services/accounts/staff-proofs.ts"
import { count } from "../../../services/operations/figures.ts"
import { networkOf } from "../../public/networks.ts"
import { fewLines, maskedNetwork } from "../../security-events.ts"

const minute = 60 * 1000
const windowMs = 15 * minute

interface Lock {
  readonly most: number
  readonly window_ms: number
  /** Beside the name; none for the first, which the version before counts, too. */
  readonly mark: string
}

/** Per account and network, each longer than the one before; counted only while none before it locks. */
const locks: ReadonlyArray<Lock> = [
  { most: 5, window_ms: windowMs, mark: "" },
  { most: 10, window_ms: 120 * minute, mark: "/2h" },
  { most: 20, window_ms: 1_440 * minute, mark: "/day" }
]
/** Behind a tunnel all staff may share one address. */
const perNetwork = 100
/** From many addresses at once: guessing ends, and the account with it until the window is over. */
const perAccount = 50
const anywhere = "*"

export type StaffEvent =
  | "signed_in"
  | "sign_in_failed"
  | "locked"
  | "second_factor_failed"
  | "step_up_failed"
  | "password_changed"
  | "signed_out"

const expected: ReadonlyArray<StaffEvent> = ["signed_in", "signed_out"]

const maskedEmail = (email: string): string => email.trim().replace(/^(.{2})[^]*$/, "$1...")

/** Guessing must be seen while it goes on, without showing more of anybody than needed. */
export const tellStaffEvent = (event: StaffEvent, email: string, address: string): Effect.Effect<void> =>
  Effect.suspend(() => {
    count("staff_events_total", [event])
    const isExpected = expected.includes(event)
    const line = (isExpected ? Effect.logInfo : Effect.logWarning)(`staff: ${event}`).pipe(
      Effect.annotateLogs({ email: maskedEmail(email), address: maskedNetwork(address) })
    )
    return isExpected ? line : fewLines(event, `${email} ${address}`, line)
  })

export const whoOf = (email: string): string =>
  createHash("sha256").update(email.trim().toLowerCase()).digest("hex")

const locked = (until: number, now: number) =>
  refuse("ACCOUNT_LOCKED", "Too many failed attempts. Please wait.", {
    retry_after_seconds: Math.max(1, Math.ceil((until - now) / 1000))
  })

/** As shown to colleagues, for an account; an email that nobody has is counted beside the accounts. */
const countOfAll = Effect.fnUntraced(function*(account: StaffAccount | null, who: string, now: number) {
  const until = now + windowMs
  if (account === null) {
    return yield* (yield* StaffProofs).countAttempt({ who, network: anywhere, at: now, window_ms: windowMs })
  }
  const attempts = yield* (yield* Staff).staffSignInFailed(account.id, perAccount, until, now)
  return { attempts, until }
})

export interface AttemptedSignIn {
  readonly email: string
  readonly account: StaffAccount | null
  readonly address: string
  readonly now: number
}

/** Counts one attempt before anything is compared, and refuses it when there were too many. */
export const countAttempt = Effect.fnUntraced(function*({ account, address, email, now }: AttemptedSignIn) {
  const proofs = yield* StaffProofs
  const who = whoOf(email)
  const network = networkOf(address)
  const here = { network, at: now, window_ms: windowMs }
  // One after the other: who is stopped at his own address does not use up the account's attempts elsewhere.
  const counts = [
    ...locks.map(({ mark, most, window_ms }) =>
      [most, proofs.countAttempt({ ...here, window_ms, who: `${who}${mark}` })] as const
    ),
    [perNetwork, proofs.countAttempt({ ...here, who: anywhere })],
    [perAccount, countOfAll(account, who, now)]
  ] as const
  for (const [most, counting] of counts) {
    const { attempts, until } = yield* counting
    if (attempts <= most) continue
    yield* tellStaffEvent("locked", email, address)
    return yield* locked(until, now)
  }
})

/** It was the right one: what was typed wrong before it is forgiven. */
export const forgiveAttempts = Effect.fnUntraced(function*(account: StaffAccount, address: string) {
  const proofs = yield* StaffProofs
  const network = networkOf(address)
  for (const { mark } of locks) yield* proofs.forgetAttempts(`${whoOf(account.email)}${mark}`, network)
  yield* proofs.forgetAttempts(anywhere, network)
  yield* (yield* Staff).staffSignedIn(account.id)
})
