// What a run says of itself, as plain data: counts, waiting times, how fast it was, and what it broke.
import type { SimulationResult, Violation } from "../simulation.ts"
import { refusalsText } from "../refusals.ts"
import type { RunPlan } from "./plan.ts"

export interface Percentiles {
  readonly count: number
  readonly p50_ms: number
  readonly p90_ms: number
  readonly p99_ms: number
}

export interface RunReport {
  readonly plan: RunPlan
  readonly hash: string
  readonly span_ms: number
  readonly wall_ms: number
  readonly cpu_ms: number
  readonly counts: Readonly<Record<string, number>>
  /** From the request to the mitra, for those who found one. */
  readonly waiting: Percentiles
  /** From the offer to a mitra's yes or no. */
  readonly answering: Percentiles
  /** How often each rare crossing was reached. */
  readonly coverage: Readonly<Record<string, number>>
  /** How often people were told each refusal, by its code. */
  readonly refusals: Readonly<Record<string, number>>
  readonly violations: ReadonlyArray<Violation>
}

export const percentilesOf = (samples: ReadonlyArray<number>): Percentiles => {
  const sorted = samples.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
  return { count: sorted.length, p50_ms: at(0.5), p90_ms: at(0.9), p99_ms: at(0.99) }
}

const countsOf = ({ context, population }: SimulationResult): Readonly<Record<string, number>> => {
  const { tables } = context.world.stores
  const sessions = [...tables.chat_sessions.values()]
  const payments = [...tables.payment_requests.values()]
  return {
    people: population.apps.length,
    requests: sessions.length,
    pairs: sessions.filter(({ started_at }) => started_at !== null).length,
    "requests without a mitra": sessions.filter(({ status }) => status === "expired").length,
    cancelled: sessions.filter(({ status }) => status === "cancelled").length,
    messages: tables.messages.size,
    offers: tables.chat_request_notifications.size,
    extensions:
      payments.filter(({ product, status }) => product === "extension" && status === "consumed").length,
    "payments consumed": payments.filter(({ status }) => status === "consumed").length,
    "payments failed": payments.filter(({ status }) => status === "failed_pairing").length,
    "payments expired": payments.filter(({ status }) => status === "expired").length,
    webhooks: context.provider.delivered,
    "runner starts": context.world.runners.reduce((sum, { starts }) => sum + starts, 0)
  }
}

export const reportOf = (
  plan: RunPlan,
  result: SimulationResult,
  took: { readonly wall_ms: number; readonly cpu_ms: number },
  coverage: Readonly<Record<string, number>>,
  refusals: Readonly<Record<string, number>>
): RunReport => {
  const { tables } = result.context.world.stores
  const waits = [...tables.chat_sessions.values()].flatMap(({ requested_at, started_at }) =>
    started_at === null ? [] : [started_at - requested_at]
  )
  const answers = [...tables.chat_request_notifications.values()].flatMap(({ responded_at, sent_at }) =>
    responded_at === null ? [] : [responded_at - sent_at]
  )
  return {
    plan,
    hash: result.hash,
    span_ms: result.span_ms,
    ...took,
    counts: countsOf(result),
    waiting: percentilesOf(waits),
    answering: percentilesOf(answers),
    coverage,
    refusals,
    violations: result.violations
  }
}

export const duration = (ms: number): string => {
  if (ms < 1_000) return `${Math.round(ms)} ms`
  if (ms < 120_000) return `${(ms / 1_000).toFixed(1)} s`
  if (ms < 7_200_000) return `${(ms / 60_000).toFixed(1)} min`
  return `${(ms / 3_600_000).toFixed(1)} h`
}

const percentilesText = ({ count, p50_ms, p90_ms, p99_ms }: Percentiles): string =>
  count === 0
    ? "none"
    : `p50 ${duration(p50_ms)}, p90 ${duration(p90_ms)}, p99 ${duration(p99_ms)} (${count})`

/** Name and value, in the order in which they are shown on the terminal and on the page. */
export const factsOf = (report: RunReport): ReadonlyArray<readonly [string, string]> => {
  const { plan } = report
  const speed = Math.round(report.span_ms / Math.max(1, report.wall_ms))
  return [
    ["seed", plan.seed],
    [
      "world",
      `${plan.mitras} mitras, ${plan.customers} customers, ${plan.runners} runners${
        plan.valkey ? ", Valkey" : ""
      }`
    ],
    ["faults", plan.faults.length === 0 ? "none" : plan.faults.join(", ")],
    ...(plan.mutant === null ? [] : [["mutant", plan.mutant] as const]),
    ["simulated", duration(report.span_ms)],
    ["took", `${duration(report.wall_ms)}, ${duration(report.cpu_ms)} of CPU: ${speed} x real time`],
    ["counts", Object.entries(report.counts).map(([name, count]) => `${name} ${count}`).join(", ")],
    ["waiting", percentilesText(report.waiting)],
    ["answering", percentilesText(report.answering)],
    ["hash", report.hash]
  ]
}

const coverageText = (coverage: RunReport["coverage"]): ReadonlyArray<string> => {
  const all = Object.entries(coverage)
  if (all.length === 0) return []
  const reached = all.filter(([, count]) => count > 0)
  const never = all.filter(([, count]) => count === 0).map(([name]) => name)
  return [
    `rare crossings  ${reached.length} of ${all.length} reached: ` +
    reached.map(([name, count]) => `${name} ${count}`).join(", "),
    ...(never.length === 0 ? [] : [`never reached   ${never.join(", ")}`])
  ]
}

/** Of a run with a planted bug it says which, and whether it was seen. */
export const verdictText = ({ plan: { mutant }, violations }: RunReport): string => {
  const [first] = violations
  if (mutant === null) return first === undefined ? "sound" : "VIOLATION"
  return first === undefined
    ? `NOT CAUGHT: the planted mutant "${mutant}" broke no rule in this world`
    : `VIOLATION: the planted mutant "${mutant}" was caught by the rule "${first.invariant}"`
}

export const reportText = (report: RunReport): string =>
  [
    ...factsOf(report).map(([name, value]) => `${name.padEnd(14)}  ${value}`),
    ...coverageText(report.coverage),
    refusalsText(report.refusals),
    `${"verdict".padEnd(14)}  ${verdictText(report)}`,
    ...report.violations.map(({ invariant, text }) => `  ${invariant}: ${text}`)
  ].join("\n")
