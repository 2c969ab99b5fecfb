// What the bench says: a line per round with what strangers used, and at the end one table of medians and
// ratios. Rounds in which others worked do not count while there are quiet ones.
import { addsUp, type Round } from "./run.ts"
import { median } from "../measuring.ts"

/** Cores. Beyond it, what was measured is partly somebody else's doing. */
export const noisyFrom = 0.25

export const strangersOf = ({ strangers }: Round): number => Math.max(...strangers)

export const isNoisy = (round: Round): boolean => strangersOf(round) >= noisyFrom

const shown = (value: number): string => {
  if (!Number.isFinite(value)) return "-"
  const size = Math.abs(value)
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3)
}

export const roundLine = (round: Round): string => {
  const [first, ...rest] = round.figures.filter(({ title }) => !title.startsWith("..."))
  const figures = [first, ...rest].flatMap((one) =>
    one === undefined ? [] : [`${one.title} ${shown(one.value)}${one.unit === "" ? "" : ` ${one.unit}`}`]
  )
  const noise = `strangers ${strangersOf(round).toFixed(2)} cores${isNoisy(round) ? " (noisy)" : ""}`
  const wrong = addsUp(round) ? "" : `; COUNTS DO NOT ADD UP ${JSON.stringify(round.counts)}`
  const { refused = 0 } = round
  const limited = refused === 0 ? "" : `; A LIMIT REFUSED ${refused} CALLS: no measure of what is served`
  const nth = round.nth === 0 ? "warm-up" : `round ${round.nth}`
  return `${round.scenario} ${round.contender} ${nth}: ${noise}; ${figures.join("; ")}${limited}${wrong}`
}

/** The quiet ones, if there are any. */
const counted = (rounds: ReadonlyArray<Round>): ReadonlyArray<Round> => {
  const quiet = rounds.filter((round) => !isNoisy(round))
  return quiet.length > 0 ? quiet : rounds
}

const cells = (cells: ReadonlyArray<string>): string => `| ${cells.join(" | ")} |`

const rowsOf = (scenario: string, rounds: ReadonlyArray<Round>, contenders: ReadonlyArray<string>) => {
  const [first, ...others] = contenders
  const of = (contender: string) => counted(rounds.filter((round) => round.contender === contender))
  const count = rounds.find(({ contender }) => contender === first)?.figures.length ?? 0
  return Array.from({ length: count }, (_, index) => {
    const values = contenders.map((contender) => {
      const found = of(contender).map(({ figures }) => figures[index]?.value ?? Number.NaN)
      return found.length === 0 ? Number.NaN : median(found)
    })
    const { title, unit } = rounds[0]!.figures[index]!
    const ratios = others.map((_, other) => shown(values[0]! / values[other + 1]!))
    const name = unit === "" ? title : `${title}, ${unit}`
    return cells([index === 0 ? scenario : "", name, ...values.map(shown), ...ratios])
  })
}

export const table = (rounds: ReadonlyArray<Round>, contenders: ReadonlyArray<string>): string => {
  const [first, ...others] = contenders
  const head = ["scenario", "figure", ...contenders, ...others.map((other) => `${first} / ${other}`)]
  const scenarios = [...new Set(rounds.map(({ scenario }) => scenario))]
  return [
    cells(head),
    cells(head.map((_, index) => index < 2 ? "---" : "---:")),
    ...scenarios.flatMap((name) =>
      rowsOf(name, rounds.filter(({ scenario }) => scenario === name), contenders)
    )
  ].join("\n")
}

export const noiseLine = (rounds: ReadonlyArray<Round>): string => {
  const used = rounds.map(strangersOf)
  const [middle, most] = [median(used).toFixed(2), Math.max(...used).toFixed(2)]
  const noisy = rounds.filter(isNoisy).length
  return [
    `Strangers used ${middle} cores in the median round, ${most} at most;`,
    `${noisy} of ${rounds.length} rounds were noisy (${noisyFrom} cores or more),`,
    "and count only for a contender who has no quiet one."
  ].join(" ")
}
