// What is said at a start that is probably not meant as it is configured.
import { assert, it } from "@effect/vitest"
import * as Result from "effect/Result"
import { startWarnings } from "../../src/commands/start-warnings.ts"
import { readConfig } from "../../src/config/server-config.ts"

const config = Result.getOrElse(readConfig({}), (problem) => assert.fail(problem.message))

it("No trusted proxy is worth a warning in production only", () => {
  assert.deepStrictEqual(startWarnings(config), [])
  assert.match(startWarnings({ ...config, production: true })[0] ?? "", /^TRUSTED_PROXY_HOPS is 0/)
  assert.deepStrictEqual(startWarnings({ ...config, production: true, trusted_proxy_hops: 1 }), [])
})
