// Simulated worlds with a real Valkey beside the simulated one: a sound mirror gets the same answers from
// both, and a script that only the simulated one would run as meant is caught.
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { inject, vi } from "vitest"
import type { RunPlan } from "../../../simulator/run/plan.ts"
import { simulatePlan } from "../../../simulator/run/run.ts"
import { RealValkey } from "../../../simulator/valkey/real-valkey.ts"
import { script } from "../../../src/layers/platform/valkey/script.ts"

const plan: RunPlan = {
  seed: "1",
  hours: 0.06,
  runners: 2,
  valkey: true,
  mitras: 4,
  customers: 12,
  faults: ["valkey-gone", "valkey-empty", "kill"],
  workload: { visits_per_day: "400", shift_hours: "24", days_off_share: "0", ends_early_share: "1" },
  faultRate: 4,
  pace: "fitting",
  mutant: null
}

const played = (changes: Partial<RunPlan>) =>
  simulatePlan({ ...plan, ...changes }, { keepTrace: false }).report

/** A server that others may use too has a database for each worker. */
const place = () => {
  const { program, url } = inject("valkey")
  const database = Number(process.env["VITEST_POOL_ID"] ?? 1) % 16
  return { program, url: url === null ? null : new URL(`/${database}`, url).toString() }
}

beforeAll(() => void vi.stubEnv("TEST_VALKEY_URL", place().url ?? ""))
afterAll(() => void vi.unstubAllEnvs())

describe("a world with a real Valkey", () => {
  it("is answered by it as by the simulated one, whatever fails", () => {
    const { counts, violations } = played({ realValkey: true })
    assert.deepStrictEqual(violations, [])
    assert.isAtLeast(counts["pairs"] ?? 0, 1)
  }, 120_000)

  it("shows a script that only the simulated one runs as meant", () => {
    for (const mutant of ["lua-long-numbers", "lua-five-three"]) {
      const [violation] = played({ realValkey: true, mutant, faults: [] }).violations
      assert.strictEqual(violation?.invariant, "real valkey", mutant)
    }
  }, 120_000)
})

describe("a real Valkey on virtual time", () => {
  const valkey = new RealValkey(place())
  afterAll(() => valkey.close())
  const reply = (now_ms: number, name: string, ...args: ReadonlyArray<string>) => {
    const [response] = valkey.ask([valkey.command(name, args, now_ms)!])
    return response?._tag === "Reply" ? response.reply : "refused"
  }

  it("forgets at the instant of the world's clock, and not by its own", () => {
    valkey.ask([{ kind: "wipe" }])
    assert.strictEqual(reply(1_000, "SET", "a", "1", "NX", "PX", "500"), "OK")
    assert.strictEqual(reply(1_000, "SADD", "b", "1"), 1)
    assert.strictEqual(reply(1_000, "EXPIRE", "b", "1"), 1)
    assert.strictEqual(reply(1_000, "PEXPIRE", "nobody", "1"), 0)
    assert.strictEqual(reply(1_499, "GET", "a"), "1")
    assert.strictEqual(reply(1_500, "GET", "a"), null)
    assert.strictEqual(reply(1_500, "PERSIST", "b"), 1)
    assert.strictEqual(reply(9_000, "SCARD", "b"), 1)
    assert.strictEqual(reply(9_000, "GET", "b"), "refused")
  })

  it("runs a script with its own redis.call on that time, and says what is wrong with one", () => {
    const kept = script("kept", "redis.call('SET', ARGV[1], ARGV[2], 'PX', 10) return {#ARGV, ARGV[2]}")
    const wrong = script("wrong", "return redis.call('NOPE')")
    const responses = valkey.ask([
      valkey.script(kept, ["c", "x"], 20_000),
      valkey.script(wrong, [], 20_000),
      valkey.command("EXISTS", ["c"], 20_009)!,
      valkey.command("EXISTS", ["c"], 20_010)!
    ])
    const said = responses.map((each) => each._tag === "Reply" ? each.reply : each._tag)
    assert.deepEqual(said, [[2, "x"], "Error", 1, 0])
  })
})
