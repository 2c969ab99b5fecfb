// What a phone makes of answers and closes: which say no for good, which say later, and when it comes back.
/** The server said no, for a stable reason: show it or handle it, do not repeat it blindly. */
export class Refused extends Error {
  constructor(tag, { code, message, details }) {
    super(`${tag} was refused with ${code}: ${message}`)
    this.code = code
    this.details = details
  }
}

/** Whether it happened is unknown: reconnect, then repeat with the same ids. */
export class ConnectionLost extends Error {}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** Milliseconds to wait before connecting again; null means: do not, something must change first. */
export const reconnectDelayMs = ({ code, reason }, attempt) => {
  if (code === 1009 || (code >= 4500 && code <= 4999)) return null
  const asked = retryAfterOf(reason)
  if (asked !== null) return asked
  const ceiling = Math.min(30_000, 500 * 2 ** attempt)
  return ceiling / 2 + Math.random() * ceiling / 2
}

/** A close reason is JSON when the server made it; something on the way may have closed as well. */
const retryAfterOf = (reason) => {
  try {
    return JSON.parse(reason).retry_after_ms ?? null
  } catch {
    return null
  }
}

export const lost = ({ code, reason }) =>
  new ConnectionLost(`the connection closed with ${code} ${reason}`.trim())

/** A failed exit carries its error as the one `Fail` of its cause. */
export const failureOf = (exit) =>
  exit.cause.find((part) => part._tag === "Fail")?.error ?? { _tag: "Interrupted" }

export const retryAfterMs = (error) => {
  if (error._tag === "TryAgain") return error.retry_after_ms
  if (error.code === "RATE_LIMITED") return error.details.retry_after_ms
  return error.code === "TOO_MANY_REQUESTS" ? 100 : null
}

export const problem = (tag, error) =>
  error._tag === "Refusal"
    ? new Refused(tag, error)
    : new ConnectionLost(`${tag}: ${error.message ?? "the server gave the call up"}`)
