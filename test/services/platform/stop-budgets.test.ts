// The table of stop budgets: its worst case fits into the bound of a drain, and every wait inside a part fits
// into that part.
import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import { stopBoundWarning } from "../../../src/commands/stop-bound.ts"
import { readConfig, type ServerConfigValues } from "../../../src/config/server-config.ts"
import { publicLimits, type SocketLimits, stoppedSooner } from "../../../src/http/socket/limits.ts"
import { busTimings } from "../../../src/layers/bus/timings.ts"
import { defaultLimits } from "../../../src/layers/journal/group-commit.ts"
import {
  partBudgets,
  stopBudgets,
  stopMaxMs,
  stopOrder
} from "../../../src/services/platform/stop-budgets.ts"

const configOf = (environment: Record<string, string>): ServerConfigValues =>
  Result.getOrElse(readConfig(environment), (problem) => assert.fail(problem.message))

const drainOf = (limits: SocketLimits): number =>
  limits.drain_in_flight_ms + limits.drain_flush_ms + limits.drain_cut_ms + limits.drain_requests_ms

describe("the stop budgets", () => {
  it("fit one after the other into DRAIN_TIMEOUT_SECONDS as it is unless given", () => {
    const parts = stopOrder.map((part) => partBudgets[part])
    assert.strictEqual(parts.reduce((sum, part) => sum + part), stopMaxMs)
    assert.isBelow(stopMaxMs, configOf({}).drain_timeout_seconds * 1000)
  })

  it("leave every wait inside a part the time of that part", () => {
    assert.isAtMost(drainOf(publicLimits), partBudgets["public listener"])
    assert.isAtMost(drainOf(stoppedSooner(publicLimits)), partBudgets["internal listener"])
    assert.isBelow(stopBudgets.entity_termination_ms, partBudgets.actors)
    assert.isBelow(stopBudgets.heartbeats_ms, partBudgets.availability)
    assert.isBelow(defaultLimits.drain_timeout_ms, partBudgets.stores)
    assert.isBelow(busTimings.drain_ms + stopBudgets.bus_listener_ms, partBudgets.stores)
    const database = stopBudgets.database_pool_ms + stopBudgets.embedded_postgres_fast_ms +
      stopBudgets.embedded_postgres_immediate_ms
    assert.isAtMost(database, partBudgets.database)
  })

  it("give the journal time for a commit that takes as long as one may", () => {
    assert.isBelow(defaultLimits.commit_timeout_ms, defaultLimits.drain_timeout_ms)
  })

  it("are named when DRAIN_TIMEOUT_SECONDS is shorter than they are", () => {
    assert.isNull(stopBoundWarning(configOf({})))
    assert.isNull(stopBoundWarning(configOf({ DRAIN_TIMEOUT_SECONDS: "600" })))
    const warning = stopBoundWarning(configOf({ DRAIN_TIMEOUT_SECONDS: "10" })) ?? ""
    assert.match(warning, /^DRAIN_TIMEOUT_SECONDS is 10: a stop may need 20 at worst/)
    assert.isNotNull(stopBoundWarning(configOf({ DRAIN_TIMEOUT_SECONDS: "19" })))
  })
})
