// The state of the service on one page: this runner and the others, what it stands on, what waits, what the
// sweeps did, and how the journal fares. Whatever does not answer is told as such, and hides nothing else.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import type { HealthView } from "../../../contract/staff/console.ts"
import { instant, instantOrNull } from "../../../contract/fields.ts"
import { Bus } from "../../../services/bus/bus.ts"
import { valueOf } from "../../../services/operations/figures.ts"
import { Oversight } from "../../../services/oversight/oversight.ts"
import { SweepReports } from "../../../services/platform/sweep-reports.ts"
import * as RealTime from "../../../services/platform/real-time.ts"
import { mirrorHealth } from "../mirror.ts"
import { inNumbers } from "../pushes.ts"
import { runners } from "../runners.ts"
import { LiveHub } from "./live-hub.ts"

const realNow = RealTime.onRealTime(Clock.currentTimeNanos)

const postgres = Effect.gen(function*() {
  const from = yield* realNow
  const answered = yield* Effect.result((yield* Oversight).ping)
  const took = Number((yield* realNow) - from) / 1e6
  const answers = answered._tag === "Success"
  return { answers, latency_ms: answers ? took : null }
})

/** Counted since the start of the process: how many, on average, and the largest. */
const histogramOf = (snapshots: ReadonlyArray<Metric.Metric.Snapshot>, id: string) => {
  const found = snapshots.find((snapshot) => snapshot.id === id)
  if (found?.type !== "Histogram") return null
  const { count, max, sum } = found.state
  return count === 0 ? null : { count, mean: sum / count, max }
}

export const health = Effect.gen(function*() {
  const snapshots = yield* Metric.snapshot
  const bus = yield* (yield* Bus).state
  const sweeps = yield* Effect.flatten(SweepReports)
  const view: typeof HealthView.Type = {
    server_now: instant(yield* Clock.currentTimeMillis),
    runners: yield* runners,
    postgres: yield* postgres,
    mirror: yield* mirrorHealth,
    bus: { connected_since: instantOrNull(bus.connected_since), dropped: bus.dropped },
    push: yield* inNumbers,
    sweeps: sweeps.map((report) => ({ ...report, at: instant(report.at) })),
    journal: {
      group_turns: histogramOf(snapshots, "journal_group_turns"),
      group_ms: histogramOf(snapshots, "journal_group_ms"),
      turn_wait_ms: histogramOf(snapshots, "journal_turn_wait_ms")
    },
    mailboxes: { calls: valueOf("mailbox_calls"), depth: histogramOf(snapshots, "mailbox_depth") },
    watchers: (yield* LiveHub).watchers()
  }
  return view
})
