// Bugs in how a runner stops: calls that are not waited for, phones that are told nothing.
import { inFile, type PlantedBug } from "./planted-bug.ts"

export const drainBugs: ReadonlyArray<PlantedBug> = [
  ...inFile(
    "src/http/socket/connections.ts",
    "deploys",
    [
      "drain-cuts-calls",
      "a drain does not wait for the calls in flight",
      "yield* waitUntilEmpty(limits.drain_in_flight_ms)",
      "yield* Effect.void"
    ],
    [
      "drain-without-a-word",
      "a drain cuts the phones and tells them nothing",
      "connection.startDraining(yield* retryAfter)",
      "connection.cut()"
    ]
  ),
  ...inFile(
    "src/http/socket/live-connection.ts",
    "deploys",
    [
      "drain-before-replies",
      "a draining connection closes before its last answers are out",
      "for (const call of this.calls.values()) if (!call.is_stream) return",
      "for (const call of this.calls.values()) if (call.is_overdue) return"
    ]
  )
]
