// A swarm of worlds, each with its own runners, stores, clients and faults: nothing may be broken in any of
// them. As `npm run simulate -- --seeds 200 --hours 0.15`, which plays further ones of the same.
import { afterAll, assert, describe, it } from "@effect/vitest"
import { drawn, faultsOf, replayCommand, type RunPlan, shortRunWorkload } from "../../simulator/run/plan.ts"
import { simulatePlan } from "../../simulator/run/run.ts"
import { refusals, refusalsText } from "../../simulator/refusals.ts"

/** The last two are there for SESSION_NOT_ACTIVE and PAYMENT_NOT_PENDING, which the others do not reach. */
const seeds = [...Array.from({ length: 120 }, (_, index) => String(index + 1)), "178", "182"]
const perTest = 10
/** Of the rare crossings that crossings.ts names; below it, the worlds are too quiet to find anything. */
const crossingsLeast = 25

/** Codes that no client of these worlds is ever told. May only shrink. */
const neverTold = new Set(
  `
  UNKNOWN_METHOD TOKEN_EXPIRED REFRESH_REUSED OTP_RATE_LIMIT_PHONE OTP_RATE_LIMIT_IP CODE_MISMATCH
  OTP_ATTEMPTS_EXCEEDED OTP_EXPIRED OTP_USED OTP_PROVIDER_FAILED TOO_MANY_OPEN_PAYMENTS
  PAYMENT_PROVIDER_FAILED OFFER_CLOSED MITRA_AT_CAPACITY MITRA_NOT_ONLINE REQUEST_NOT_OPEN
  EXTENSION_PENDING SAME_MITRA TOO_MANY_REROUTES PROPOSAL_DECIDED ALREADY_RESOLVED SECOND_FACTOR_REQUIRED
  SECOND_FACTOR_ON LAST_ADMIN TOO_MANY_TEST_NUMBERS NOT_THIS_RUNNER CLOCK_BACKWARDS CLOCK_NOT_SETTLED
  TOO_MANY_FAULTS ACCOUNT_PAUSED ACCOUNT_BUSY TOO_MANY_BLOCKS NOBODY_MET PAIR_BLOCKED MITRA_DRAINING
`.trim().split(/\s+/)
)

const planOf = (seed: string): RunPlan =>
  drawn({
    seed,
    hours: 0.15,
    runners: 1,
    valkey: false,
    mitras: 5,
    customers: 15,
    faults: faultsOf("swarm", seed),
    workload: shortRunWorkload,
    faultRate: 1,
    pace: "fitting",
    mutant: null
  })

describe("a swarm of seeds", () => {
  const reached = new Map<string, number>()
  const refused: Record<string, number> = {}
  let virtualMs = 0
  const began = performance.now()

  const run = (seed: string): ReadonlyArray<string> => {
    const plan = planOf(seed)
    const { report } = simulatePlan(plan, { keepTrace: false })
    for (const [name, count] of Object.entries(report.coverage)) {
      reached.set(name, (reached.get(name) ?? 0) + count)
    }
    for (const [code, count] of Object.entries(report.refusals)) refused[code] = (refused[code] ?? 0) + count
    virtualMs += report.span_ms
    return report.violations.map(({ invariant, text }) => `${invariant}: ${text}\n  ${replayCommand(plan)}`)
  }

  for (let first = 0; first < seeds.length; first += perTest) {
    const some = seeds.slice(first, first + perTest)
    it(`breaks nothing with the seeds ${some[0]} to ${some.at(-1)}`, () => {
      assert.deepStrictEqual(some.flatMap(run), [])
    }, 240_000)
  }

  it("reaches most of the crossings that testers fear", () => {
    const count = [...reached.values()].filter((times) => times > 0).length
    assert.isAtLeast(count, crossingsLeast)
  })

  it("reaches every refusal but for a list that only gets shorter", () => {
    console.log(refusalsText(refused))
    assert.deepStrictEqual(refusals.filter((code) => (refused[code] ?? 0) === 0 && !neverTold.has(code)), [])
  })

  afterAll(() => {
    const seconds = (performance.now() - began) / 1000
    console.log(
      `${seeds.length} seeds: ${(virtualMs / 3_600_000).toFixed(1)} h simulated in ${seconds.toFixed(0)} s`
    )
  })
})
