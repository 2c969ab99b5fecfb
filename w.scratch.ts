import { World } from "./src/simulation/world.ts"
const pace = { bus: {}, cluster: {}, sweeps: { stale_heartbeats_seconds: 30, heartbeat_write_back_seconds: 60, mirror_reseed_seconds: 300 } }
const t0 = performance.now()
const world = new World({ seed: "1", runners: Number(process.argv[2] ?? 1), starts_at: Date.UTC(2026, 0, 5), pace, log: (l) => console.log(l.at_ms, l.process, l.level, l.text.slice(0, 600)) })
world.time.runUntil(world.time.now_us + 10e6)
console.log("started", world.runners.map(r => r.doors !== null), performance.now() - t0, "ms")
const t1 = performance.now(), s = world.time.steps
world.time.runUntil(world.time.now_us + 600e6)
const ms = performance.now() - t1
console.log("600 s idle in", ms | 0, "ms", (600000 / ms) | 0, "x", world.time.steps - s, "steps")
