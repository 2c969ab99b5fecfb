// What a failed command says to the person at the terminal: the reason in words, and what to do about it
// where we know. A stack trace only for what is not foreseen here.
import * as Cause from "effect/Cause"

interface Problem {
  readonly message?: unknown
  readonly code?: unknown
  readonly _tag?: unknown
  readonly cause?: unknown
  readonly reason?: unknown
}

const isProblem = (value: unknown): value is Problem => typeof value === "object" && value !== null

/** The error and what it wraps, outermost first. Drivers hide the useful words at the bottom. */
const chainOf = (error: unknown, depth = 0): ReadonlyArray<Problem> => {
  if (!isProblem(error) || depth > 8) return []
  return [error, ...chainOf(error.reason ?? error.cause, depth + 1)]
}

/** Each thing said once: wrappers like to repeat what they wrap. */
const wordsOf = (chain: ReadonlyArray<Problem>): string => {
  const said: Array<string> = []
  for (const { message } of chain) {
    const words = typeof message === "string" ? message.trim() : ""
    if (words !== "" && !said.some((earlier) => earlier.includes(words))) said.push(words)
  }
  return said.join(": ")
}

const advice = (chain: ReadonlyArray<Problem>): string => {
  if (chain.some(({ code }) => code === "EADDRINUSE")) {
    return "\nIs another server running? PUBLIC_PORT, INTERNAL_PORT and RUNNER_PORT choose other ports."
  }
  const isDatabase = chain.some(({ _tag }) => _tag === "ConnectionError" || _tag === "AuthenticationError")
  return isDatabase ? "\nIs the PostgreSQL at DATABASE_URL running, and does it know this user?" : ""
}

/** One line for a list of checks, with every secret out. */
export const explainError = (cause: Cause.Cause<unknown>, secrets: ReadonlyArray<string>): string => {
  const words = (explain(cause) ?? "interrupted").split("\n")[0] ?? ""
  return secrets.reduce((text, secret) => text.replaceAll(secret, "(hidden)"), words)
}

/** null: there is nothing to say, because the end was asked for or the help was printed already. */
export const explain = (cause: Cause.Cause<unknown>): string | null => {
  if (Cause.hasInterruptsOnly(cause)) return null
  const errors = cause.reasons.flatMap((reason) =>
    Cause.isFailReason(reason) ? [reason.error] : Cause.isDieReason(reason) ? [reason.defect] : []
  )
  const chain = chainOf(errors[0])
  if (chain[0]?._tag === "ShowHelp") return null
  const isForeseen = chain.some(({ _tag, code }) => _tag !== undefined || typeof code === "string")
  const words = wordsOf(chain)
  return isForeseen && words !== "" ? `${words}${advice(chain)}` : Cause.pretty(cause)
}
