// The table of a soak: how long the service was away, by kind of fault, and the verdict.
import type { RoundResult } from "./rounds.ts"
import type { Site } from "./site.ts"

const quantile = (sorted: ReadonlyArray<number>, share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0

const line = (cells: ReadonlyArray<string | number>): string =>
  cells.map((cell, index) => index === 0 ? String(cell).padEnd(22) : String(cell).padStart(13)).join("")

interface Gaps {
  /** Of all phones that wrote meanwhile. */
  readonly phones: Array<number>
  /** Of the phone that waited longest, one a fault. */
  readonly worst: Array<number>
}

/** A round with several faults counts for each of its kinds. */
const byKind = (rounds: ReadonlyArray<RoundResult>): ReadonlyMap<string, Gaps> => {
  const kinds = new Map<string, Gaps>()
  for (const { faults, gaps } of rounds) {
    for (const { name } of faults) {
      const kind = kinds.get(name) ?? { phones: [], worst: [] }
      kinds.set(name, kind)
      kind.phones.push(...gaps)
      kind.worst.push(gaps.at(-1) ?? 0)
    }
  }
  return kinds
}

const ms = (gaps: ReadonlyArray<number>, share: number): string =>
  `${Math.round(quantile(gaps.toSorted((a, b) => a - b), share))} ms`

export const tableOf = (rounds: ReadonlyArray<RoundResult>): ReadonlyArray<string> => [
  "how long phones waited for an acknowledgement: all phones, and the one that waited longest in each fault",
  line(["fault", "n", "phones p50", "phones p95", "longest p50", "longest p90", "worst"]),
  ...[...byKind(rounds)].toSorted(([a], [b]) => a.localeCompare(b)).map(([name, { phones, worst }]) =>
    line([
      name,
      worst.length,
      ms(phones, 0.5),
      ms(phones, 0.95),
      ms(worst, 0.5),
      ms(worst, 0.9),
      ms(worst, 1)
    ])
  )
]

export const verdictOf = (
  site: Site,
  rounds: ReadonlyArray<RoundResult>,
  minutes: number
): ReadonlyArray<string> => {
  const { counts, violations } = site.findings
  const faults = rounds.reduce((sum, round) => sum + round.faults.length, 0)
  const memory = site.runners.map(({ memoryMax, name, starts }) =>
    `${name} ${Math.round(memoryMax / 1024 / 1024)} MiB at most, ${starts} starts`
  )
  return [
    `${faults} faults in ${rounds.length} rounds, ${minutes.toFixed(1)} minutes`,
    Object.entries(counts).map(([what, count]) => `${count} ${what}`).join(", "),
    memory.join("; "),
    violations.length === 0 ? "soak ok: 0 violations" : `soak failed: ${violations.length} violations`
  ]
}
