// The second-exact ledger: every millisecond a customer paid for ends in one entry with a state and
// a reason. Served time runs while the chat is active; paused time costs nothing; what is left when
// the chat ends early is forfeited, with the reason. Times are epoch milliseconds, lengths are ms.

export interface LedgerEntry {
  readonly state: "served" | "paused" | "forfeited"
  readonly reason: string
  readonly from: number
  readonly to: number
  /** What this entry takes from the purchase; a pause takes nothing. */
  readonly charged_ms: number
}

export interface Ledger {
  readonly purchased_ms: number
  readonly entries: ReadonlyArray<LedgerEntry>
  /** The entry still running, if any. */
  readonly open:
    | { readonly state: "served" | "paused"; readonly reason: string; readonly from: number }
    | null
}

export const emptyLedger = (purchasedMs: number): Ledger => ({
  purchased_ms: purchasedMs,
  entries: [],
  open: null
})

export const chargedMs = (ledger: Ledger): number =>
  ledger.entries.reduce((sum, entry) => sum + entry.charged_ms, 0)

/** What was left when the running entry began, and when that was; null while the clock stands. */
export interface Left {
  readonly ms: number
  readonly running_since: number | null
}

export const leftOf = (ledger: Ledger): Left => ({
  ms: ledger.purchased_ms - chargedMs(ledger),
  running_since: ledger.open?.state === "served" ? ledger.open.from : null
})

/** What remains of it to be served at `now`; never below zero. */
export const leftAt = ({ ms, running_since }: Left, now: number): number =>
  Math.max(0, ms - (running_since === null ? 0 : Math.max(0, now - running_since)))

/** What remains to be served at `now`; never below zero. */
export const remainingMs = (ledger: Ledger, now: number): number => leftAt(leftOf(ledger), now)

/** The instant the paid time runs out, if the clock is running. */
export const endsAt = (ledger: Ledger): number | null =>
  ledger.open?.state === "served" ? ledger.open.from + ledger.purchased_ms - chargedMs(ledger) : null

const closeOpen = (ledger: Ledger, at: number): Ledger => {
  if (ledger.open === null) return ledger
  const { from, reason, state } = ledger.open
  // Time never runs backwards in a ledger, and never past what was bought.
  const limit = state === "served" ? from + ledger.purchased_ms - chargedMs(ledger) : at
  const to = Math.max(from, Math.min(at, limit))
  const entry: LedgerEntry = { state, reason, from, to, charged_ms: state === "served" ? to - from : 0 }
  return { ...ledger, entries: [...ledger.entries, entry], open: null }
}

/** `at`, but never before the last entry ended: two servers' clocks differ, an instant counts once. */
const notBefore = (ledger: Ledger, at: number): number => Math.max(at, ledger.entries.at(-1)?.to ?? at)

const openNext = (ledger: Ledger, state: "served" | "paused", at: number, reason: string): Ledger => {
  const closed = closeOpen(ledger, at)
  return { ...closed, open: { state, reason, from: notBefore(closed, at) } }
}

export const serve = (ledger: Ledger, at: number, reason: string): Ledger =>
  openNext(ledger, "served", at, reason)

/** The clock runs on, from `since` under another name: whatever ran before keeps its own. The end stays. */
export const rename = (ledger: Ledger, since: number, reason: string): Ledger => {
  const { open } = ledger
  if (open?.state !== "served") return ledger
  const at = Math.min(since, endsAt(ledger) ?? since)
  return at <= open.from ? { ...ledger, open: { ...open, reason } } : serve(ledger, at, reason)
}

export const pause = (ledger: Ledger, at: number, reason: string): Ledger =>
  openNext(ledger, "paused", at, reason)

/** Adds paid time (an extension that was approved). */
export const purchase = (ledger: Ledger, ms: number): Ledger => ({
  ...ledger,
  purchased_ms: ledger.purchased_ms + ms
})

/** Ends the ledger: whatever was not served is forfeited with `reason`. */
export const settle = (ledger: Ledger, at: number, reason: string): Ledger => {
  const closed = closeOpen(ledger, at)
  const left = closed.purchased_ms - chargedMs(closed)
  if (left <= 0) return closed
  const when = notBefore(closed, at)
  const entry: LedgerEntry = { state: "forfeited", reason, from: when, to: when, charged_ms: left }
  return { ...closed, entries: [...closed.entries, entry] }
}

/** The reason of what was not served because the mitra was gone: it is owed to the customer. */
export const owedReason = "mitra_deactivated"

export const owedMs = ({ entries }: Ledger): number =>
  entries.reduce(
    (sum, { charged_ms, reason, state }) =>
      state === "forfeited" && reason === owedReason ? sum + charged_ms : sum,
    0
  )

/** True when nothing is running and every purchased millisecond has exactly one entry. */
export const isBalanced = (ledger: Ledger): boolean =>
  ledger.open === null && chargedMs(ledger) === ledger.purchased_ms
