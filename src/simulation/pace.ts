// How fast the server's own background work beats in a world. Production's numbers are the server's
// defaults; a calm world, in which no runner and no store fails, may beat slower without changing anything
// that anybody sees, and is simulated several times faster.
import type { Pace } from "./stores/stores.ts"

export const productionPace: Pace = {
  bus: {},
  cluster: {},
  sweeps: { stale_heartbeats_seconds: 30, heartbeat_write_back_seconds: 60, mirror_reseed_seconds: 300 }
}
