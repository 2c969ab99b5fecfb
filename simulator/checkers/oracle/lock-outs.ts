// Lock-outs: five wrong passwords of one account from one address, and for the rest of a quarter of an hour
// not even the right one is taken there; nobody is locked out for less, or told to wait for longer, but those
// who went on guessing: after ten for two hours, after twenty for a day.
import { type MakeRule, type Phone, refusalOf } from "../rule.ts"
import type { Answer, CallFailure } from "../../clients/connection.ts"

const guessesMax = 5
/** From all addresses together. */
const guessesMaxInAll = 50
const lockedMs = 15 * 60_000
/** So many since the last right one, and the lock may be longer. */
const longerLocks = [[20, 96 * lockedMs], [10, 8 * lockedMs]] as const
/** How long an answer may be under way, and how wrong a clock. */
const unsureMs = 30_000

interface Guesses {
  /** When the first of them was sent. */
  readonly since_ms: number
  /** Answered with the news that it was wrong. */
  wrong: number
  /** Sent, whatever became of them. */
  sent: number
  /** The same since the last one that was right. */
  in_all: number
}

export const lockOuts: MakeRule = (context, complain) => {
  const guesses = new Map<string, Guesses>()
  const inAll = new Map<string, number>()
  const keyOf = ({ name }: Phone, email: string) => `${name}/${email}`

  const note = (phone: Phone, email: string) => {
    const now = context.now_ms()
    const key = keyOf(phone, email)
    const known = guesses.get(key)
    inAll.set(email, (inAll.get(email) ?? 0) + 1)
    if (known === undefined || now - known.since_ms > lockedMs + unsureMs) {
      guesses.set(key, { since_ms: now, wrong: 0, sent: 1, in_all: (known?.in_all ?? 0) + 1 })
      return
    }
    known.sent += 1
    known.in_all += 1
  }

  const answered = (phone: Phone, email: string, outcome: Answer | CallFailure) => {
    const key = keyOf(phone, email)
    const known = guesses.get(key)
    if (known === undefined) return
    const about = { people: [phone.name] }
    const code = refusalOf(outcome)
    const since = context.now_ms() - known.since_ms
    const isTaken = !("_tag" in outcome)
    const isSure = since < lockedMs - unsureMs && context.clocksTrueFor_ms() > lockedMs + unsureMs
    if ((isTaken || code === "CREDENTIALS_INVALID") && known.wrong >= guessesMax && isSure) {
      complain(`${phone.name} could guess on after ${known.wrong} wrong passwords in ${since} ms`, about)
    }
    if (code === "CREDENTIALS_INVALID") known.wrong += 1
    if (isTaken) guesses.delete(key)
    if (code !== "ACCOUNT_LOCKED") return
    const longer = longerLocks.find(([guessed]) => known.in_all > guessed)?.[1]
    if (longer === undefined && known.sent <= guessesMax && (inAll.get(email) ?? 0) <= guessesMaxInAll) {
      complain(`${phone.name} was locked out after ${known.sent - 1} guesses`, about)
    }
    const wait_ms = (outcome as { readonly details: Answer }).details["retry_after_seconds"] * 1000
    const isLong = wait_ms > Math.max(1_000, longer ?? lockedMs - since) + unsureMs
    if (context.clocksTrueFor_ms() > lockedMs && (isLong || wait_ms < 1_000)) {
      complain(`${phone.name} is locked out for ${wait_ms} ms, ${since} ms after the first guess`, about)
    }
  }

  return {
    sent: (phone, tag, { email }) => {
      if (tag === "admin.sign_in") note(phone, email)
    },
    called: (phone, tag, { email }, outcome) => {
      if (tag === "admin.sign_in") answered(phone, email, outcome)
    }
  }
}
