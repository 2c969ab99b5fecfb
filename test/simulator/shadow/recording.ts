// What one simulated world did to its database, as a list of steps: every turn with its verdict and the rows
// it left, and in between the rows that other ports wrote.
import type * as Exit from "effect/Exit"
import { population } from "../../../simulator/clients/population.ts"
import { workloadWith } from "../../../simulator/clients/workload.ts"
import { RowWatch } from "../../../simulator/checkers/rows.ts"
import { chosenFaults, faultPlan, atFaultRate } from "../../../simulator/faults/plan.ts"
import { Prng } from "../../../simulator/kernel/prng.ts"
import { shortRunWorkload, startsAt } from "../../../simulator/run/plan.ts"
import type { Mutation } from "../../../simulator/server/mutation.ts"
import { type Checker, simulate } from "../../../simulator/simulation.ts"
import { withFaults } from "../../../simulator/stores/timings.ts"
import type { TurnWrite, Verdict } from "../../../src/services/journal/journal.ts"
import type { Unavailable } from "../../../src/services/platform/unavailable.ts"
import type { Tables } from "../../../testkit/memory/store/tables.ts"

/** A row as its memory table has it; null: it was deleted. */
export interface RowChange {
  readonly table: string
  readonly key: string
  readonly row: object | null
}

export interface TurnStep {
  readonly _tag: "Turn"
  readonly turn: TurnWrite
  readonly transactionIds: ReadonlyArray<string>
  readonly verdict: Exit.Exit<Verdict, Unavailable>
  readonly changes: ReadonlyArray<RowChange>
}

export interface RowsStep {
  readonly _tag: "Rows"
  readonly changes: ReadonlyArray<RowChange>
}

export type Step = TurnStep | RowsStep

class Recorder {
  readonly steps: Array<Step> = []
  turns = 0
  readonly #tables: Tables
  readonly #watch: RowWatch
  #logged: number

  constructor(tables: Tables) {
    this.#tables = tables
    this.#watch = new RowWatch(tables)
    this.#logged = tables.mitra_online_logs.length
    const founded = Object.entries(tables).flatMap(([table, rows]) =>
      rows instanceof Map
        ? [...rows as Map<string, object>].map(([key, row]): RowChange => ({ table, key, row }))
        : []
    )
    this.steps.push({ _tag: "Rows", changes: founded })
  }

  turn(turn: TurnWrite, transactionIds: ReadonlyArray<string>, commit: () => TurnStep["verdict"]) {
    const between = this.#changes()
    if (between.length > 0) this.steps.push({ _tag: "Rows", changes: between })
    const verdict = commit()
    this.turns += 1
    this.steps.push({ _tag: "Turn", turn, transactionIds, verdict, changes: this.#changes() })
    return verdict
  }

  #changes(): ReadonlyArray<RowChange> {
    const changes: Array<RowChange> = []
    this.#watch.flush((table, { after, key }) => {
      changes.push({ table, key, row: (after ?? null) as object | null })
    })
    const logs = this.#tables.mitra_online_logs.slice(this.#logged)
    this.#logged += logs.length
    for (const row of logs) {
      changes.push({ table: "mitra_online_logs", key: `${row.mitra_id}/${row.at}/${row.is_online}`, row })
    }
    return changes
  }
}

/** A run ends at its first violation: this one is that enough was recorded. */
const enough = (recorder: Recorder, turnsMax: number): Checker => ({
  afterStep: () => {},
  atEnd: () => {},
  get violations() {
    if (recorder.turns < turnsMax) return []
    return [{ invariant: "enough", at_us: 0, text: "", people: [], session_id: null }]
  }
})

/** A crowd that meets often, staff who interfere, and faults that come more often than they do elsewhere. */
const workload = {
  ...shortRunWorkload,
  visits_per_day: "400",
  shift_hours: "22",
  pause_s: "90",
  patience_s: "40",
  browses_s: "5",
  extends_share: "0.6",
  staff_deactivates_per_day: "400",
  staff_settings_per_day: "600",
  staff_reroutes_per_day: "400"
}

/** The first `turnsMax` turns of two runners' world. */
export const record = (seed: string, turnsMax: number): ReadonlyArray<Step> => {
  let recorder: Recorder | null = null
  const recording: Mutation = {
    name: "recording",
    says: "breaks nothing: it only sees every commit",
    commit: (commit) => (tables, turn, ids) =>
      recorder === null
        ? commit(tables, turn, ids)
        : recorder.turn(turn, ids, () => commit(tables, turn, ids))
  }
  simulate(
    {
      seed,
      hours: 1,
      runners: 2,
      valkey: false,
      mitras: 4,
      customers: 8,
      starts_at: startsAt,
      timings: withFaults,
      keepTrace: false,
      mutation: recording
    },
    {
      population: population(workloadWith(workload)),
      faults: faultPlan(atFaultRate(chosenFaults("swarm", new Prng(seed)), 20)),
      checker: (context) => {
        recorder = new Recorder(context.world.stores.tables)
        return enough(recorder, turnsMax)
      }
    }
  )
  return (recorder as Recorder | null)?.steps ?? []
}
