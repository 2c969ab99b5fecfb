// What a scenario is: what must stand before it, and one round of it, which says what was measured and what
// was counted. Counts of one record must be equal: that is how a round shows that nothing was lost or
// doubled.
import type { Costs } from "../accounting.ts"
import type { Size } from "../options.ts"
import type { World } from "../world.ts"

export interface Figure {
  readonly title: string
  readonly unit: string
  readonly value: number
}

export interface Outcome {
  readonly figures: ReadonlyArray<Figure>
  readonly counts: ReadonlyArray<Readonly<Record<string, number>>>
  /** Cores that others used, in each part of the round. */
  readonly strangers: ReadonlyArray<number>
  /** Calls that a limit refused and that were repeated: with any, the figures are partly of refusals. */
  readonly refused?: number
}

export interface Scenario {
  readonly name: string
  /** Only when it is asked for by its whole name. */
  readonly optional?: boolean
  readonly wave?: number
  readonly runners?: number
  readonly without?: ReadonlyArray<string>
  readonly prepare: (world: World, size: Size) => Promise<(nth: number) => Promise<Outcome>>
}

export const figure = (title: string, unit: string, value: number): Figure => ({ title, unit, value })

/** CPU seconds per 1,000: the same number as milliseconds each. */
export const perThousand = (ms: number, count: number): number => ms / count

export const cpuFigures = (what: string, costs: Costs, count: number): ReadonlyArray<Figure> => [
  figure(`CPU per 1,000 ${what}`, "s", perThousand(costs.total_ms, count)),
  figure(`... of it the server`, "s", perThousand(costs.server_ms, count)),
  figure(`... of it Postgres`, "s", perThousand(costs.postgres_ms, count))
]

export const perSecond = (count: number, took_ms: number): number => count / took_ms * 1000

export const idsOf = (people: ReadonlyArray<{ readonly id: string }>): ReadonlyArray<string> =>
  people.map(({ id }) => id)
