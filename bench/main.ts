// `npm run bench -- <name>`: measurements that stand behind decisions. Numbers depend on the machine;
// each bench compares its alternatives in one run, so the ratios travel.
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import type * as Effect from "effect/Effect"

const benches: Record<string, () => Promise<{ readonly bench: Effect.Effect<void, unknown> }>> = {
  "availability": () => import("./availability.ts"),
  "calls": () => import("./calls.ts"),
  "crowd": () => import("./crowd.ts"),
  "consoles": () => import("./consoles.ts"),
  "figures": () => import("./figures.ts"),
  "encryption": () => import("./encryption.ts"),
  "far-postgres": () => import("./far-postgres.ts"),
  "gaps": () => import("./gaps.ts"),
  "group-commit": () => import("./group-commit.ts"),
  "messages": () => import("./messages.ts"),
  "strangers": () => import("./strangers.ts"),
  "peers": () => import("./peers/bench.ts")
}

const name = process.argv[2] ?? ""
const load = benches[name]
if (load === undefined) {
  console.error(`There is no bench "${name}". Benches: ${Object.keys(benches).join(", ")}`)
  process.exit(1)
}
// runMain, so that Ctrl-C also stops the database that was started for the bench.
NodeRuntime.runMain((await load()).bench)
