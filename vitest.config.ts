// Three kinds of tests. unit: no servers, no files, virtual or no time. integration: real servers and
// real time, which the global set-up finds or starts once per run. seeds: simulated worlds.
import { defineConfig } from "vitest/config"
import { LongestFirst } from "./test/support/longest-first.ts"

export default defineConfig({
  test: {
    // Vitest leaves one core idle; these tests mostly wait for servers, so two files at once fit two cores.
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: "unit",
          setupFiles: ["test/support/compiled-schemas.ts", "test/support/properties.ts"],
          include: ["test/**/*.test.ts"],
          exclude: ["test/**/*.integration.test.ts"],
          // Unit tests share no state, so they may share loaded modules: four times faster.
          pool: "threads",
          isolate: false,
          testTimeout: 20_000
        }
      },
      {
        test: {
          // Whole simulated worlds by the hundred: minutes, so not part of the quick check.
          name: "seeds",
          include: ["test/**/*.seeds.ts"],
          pool: "threads"
        }
      },
      {
        test: {
          name: "integration",
          setupFiles: ["test/support/compiled-schemas.ts", "test/support/properties.ts"],
          include: ["test/**/*.integration.test.ts"],
          globalSetup: ["test/support/servers.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000
        }
      }
    ]
  }
})
