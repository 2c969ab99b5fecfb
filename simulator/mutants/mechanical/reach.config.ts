// Unit tests as vitest.config.ts has them, with one set-up file more; without those that read the text of the
// code or play worlds, which say nothing about a single slip.
import * as Url from "node:url"
import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    setupFiles: [
      "test/support/compiled-schemas.ts",
      "test/support/properties.ts",
      Url.fileURLToPath(new URL("./record-reach.ts", import.meta.url))
    ],
    include: ["test/**/*.test.ts"],
    exclude: [
      "test/**/*.integration.test.ts",
      "test/tidy.test.ts",
      "test/{tidy,docs,guards,simulator,console,bench,ops}/**"
    ],
    pool: "threads",
    isolate: false,
    maxWorkers: 1,
    testTimeout: 60_000
  }
})
