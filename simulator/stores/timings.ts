// How often the server's own background work runs in a simulation. `production` is what the server ships
// with; the others run it less often, so that more business fits into a second of the machine.
import * as Duration from "effect/Duration"
import { publicLimits } from "../../src/http/socket/limits.ts"
import type { Timings } from "./stores.ts"

/** A lock session that is silent for this long is over; equals the cluster's own setting. */
const lease_ms = 6_000
const loneRunnerLease_ms = 30_000

const sweeps = {
  stale_heartbeats_seconds: 30,
  heartbeat_write_back_seconds: 60,
  mirror_reseed_seconds: 300
}

export const production: Timings = {
  bus: {},
  cluster: {},
  lease_ms,
  sweeps,
  watch_every_ms: publicLimits.watch_every_ms,
  nearStores: false
}

/** Faults of every kind are noticed and survived, a few seconds later than in production. */
export const withFaults: Timings = {
  bus: { probe_every_ms: 5_000, silence_ms: 16_000 },
  cluster: {
    shardLockRefreshInterval: Duration.seconds(2),
    refreshAssignmentsInterval: Duration.millis(1500),
    runnerHealthCheckInterval: Duration.seconds(3),
    entityMessagePollInterval: Duration.seconds(2),
    // Enough that each runner has its part, also after one has gone.
    shardsPerGroup: 48
  },
  lease_ms,
  sweeps: { ...sweeps, deadlines_seconds: 2, pushes_seconds: 2 },
  watch_every_ms: 2_000,
  nearStores: false
}

/** For a lone runner: it may die and come back, but no other runner takes its shards over. */
export const loneRunner: Timings = {
  bus: { probe_every_ms: 30_000, look_every_ms: 30_000, silence_ms: 100_000 },
  cluster: {
    // A dead runner loses its locks at once; no other runner waits for the locks of a silent one.
    shardLockExpiration: Duration.millis(loneRunnerLease_ms),
    shardLockRefreshInterval: Duration.millis(loneRunnerLease_ms / 3),
    refreshAssignmentsInterval: Duration.seconds(5),
    runnerHealthCheckInterval: Duration.seconds(30),
    entityMessagePollInterval: Duration.seconds(5),
    // Fewer shards to lock again and again; one runner owns them all anyway.
    shardsPerGroup: 12
  },
  lease_ms: loneRunnerLease_ms,
  // Resident sessions have timers of their own; deadlines wakes those that sleep, ten seconds ahead.
  sweeps: {
    ...sweeps,
    deadlines_seconds: 5,
    pushes_seconds: 5,
    withdraw_offers_seconds: 15,
    absent_mitras_seconds: 30,
    missed_offers_seconds: 20
  },
  // How soon a silent socket is noticed: after 45 to 50 seconds instead of 45.
  watch_every_ms: 5_000,
  nearStores: true
}
