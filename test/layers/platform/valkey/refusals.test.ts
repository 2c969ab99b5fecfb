// Valkeys as hosters set them up: which reasons are their own, and which memory policies lose keys of ours.
import { assert, describe, it } from "@effect/vitest"
import { evictionOf } from "../../../../src/layers/platform/valkey/eviction.ts"
import { isDemoted, isRefusal } from "../../../../src/layers/platform/valkey/refusals.ts"

describe("a reason", () => {
  it("is Valkey's own when it carries one of its error words", () => {
    for (
      const reason of [
        "WRONGPASS invalid username-password pair",
        "PING: NOAUTH Authentication required.",
        "NOPERM this user has no permissions to run the 'eval' command",
        "MOVED 866 10.0.0.1:6379"
      ]
    ) assert.isTrue(isRefusal(reason), reason)
    for (const reason of ["Connection is closed.", "no answer within 250 ms"]) {
      assert.isFalse(isRefusal(reason))
    }
  })

  it("of a replica makes the driver connect anew", () => {
    assert.isTrue(isDemoted("READONLY You can't write against a read only replica."))
    assert.isFalse(isDemoted("OOM command not allowed when used memory > 'maxmemory'."))
  })
})

describe("a memory policy", () => {
  const info = (maxmemory: number, policy: string) =>
    `# Memory\r\nmaxmemory:${maxmemory}\r\nmaxmemory_policy:${policy}\r\n# Stats\r\nevicted_keys:7\r\n`

  it("that throws any key away is named with what it has thrown away, unless there is no limit", () => {
    const eviction = evictionOf(info(4_194_304, "allkeys-lru"))
    assert.match(eviction?.warning ?? "", /allkeys-lru.*noeviction/)
    assert.strictEqual(eviction?.evicted, 7)
    assert.isNull(evictionOf(info(0, "allkeys-lru")))
    assert.isNull(evictionOf(info(4_194_304, "noeviction")))
    assert.isNull(evictionOf(info(4_194_304, "volatile-lru")))
    assert.isNull(evictionOf(""))
    assert.isNull(evictionOf("maxmemory_policy:allkeys-lru\r\n"))
  })
})
