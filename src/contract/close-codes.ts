// Every code this server closes a socket with. 4000-4499: come back (with back-off); 4500-4999: do
// not, something must change first. 1009 and 1012 are the standard ones for the same ideas.

export interface CloseCode {
  readonly code: number
  readonly reason: string
  readonly reconnect: boolean
  readonly meaning: string
  /** What the socket was too much of, and when it may be tried again; null for what is no limit. */
  readonly limit: { readonly name: string; readonly retry_after_ms: number } | null
}

const code = (
  value: number,
  reason: string,
  reconnect: boolean,
  meaning: string,
  limit: CloseCode["limit"] = null
): CloseCode => ({ code: value, reason, reconnect, meaning, limit })

const soon = 1_000
/** As long as the window in which it was too much. */
const later = 10_000

export const closeCodes = {
  tooManyFragments: code(
    1008,
    "too_many_fragments",
    false,
    "A message came in more than 32 fragments, or in too many pieces.",
    { name: "fragments", retry_after_ms: later }
  ),
  tooBig: code(1009, "too_big", false, "A frame was larger than 64 KiB.", {
    name: "frame_bytes",
    retry_after_ms: later
  }),
  goingAway: code(
    1012,
    "restarting",
    true,
    "This runner stops or cannot serve; come back after retry_after_ms."
  ),
  tokenExpired: code(4001, "token_expired", true, "The access token ran out; refresh it, then reconnect."),
  idle: code(4002, "idle", true, "Nothing was heard from the phone for 45 seconds."),
  slowConsumer: code(
    4003,
    "slow_consumer",
    true,
    "The phone did not read fast enough; resume on reconnect.",
    {
      name: "unsent_bytes",
      retry_after_ms: soon
    }
  ),
  replaced: code(4004, "internal", true, "The server lost this connection's state; reconnect."),
  nobody: code(4005, "nobody", true, "Nobody signed in on this socket in time.", {
    name: "nobody",
    retry_after_ms: soon
  }),
  malformed: code(4500, "malformed", false, "Too many frames that are not valid RPC messages.", {
    name: "malformed_in_a_row",
    retry_after_ms: later
  }),
  duplicateRequestId: code(
    4501,
    "duplicate_request_id",
    false,
    "A request id was used while still in flight."
  ),
  flooding: code(4502, "flooding", false, "Far more requests than the limits allow, repeatedly.", {
    name: "flooding",
    retry_after_ms: later
  }),
  revoked: code(4503, "revoked", false, "This sign-in was revoked; sign in again."),
  tooManySockets: code(
    4504,
    "too_many_sockets",
    false,
    "This person opened an eleventh socket: the oldest goes.",
    { name: "sockets_of_person", retry_after_ms: soon }
  )
} as const satisfies Record<string, CloseCode>
