// What the bench against peers concludes from its rounds: medians of the quiet ones, ratios, and whether
// everything that was counted says the same.
import { assert, describe, it } from "@effect/vitest"
import { readOptions } from "../../bench/peers/options.ts"
import { noiseLine, roundLine, table } from "../../bench/peers/report.ts"
import { addsUp, type Round } from "../../bench/peers/run.ts"
import { chosen } from "../../bench/peers/scenarios/catalogue.ts"

const round = (contender: string, value: number, strangers = 0, counts: Round["counts"] = []): Round => ({
  scenario: "message",
  contender,
  nth: 1,
  figures: [{ title: "ack p50", unit: "ms", value }],
  counts,
  strangers: [strangers]
})

describe("the table of the bench against peers", () => {
  it("has medians, and the ratio of the first contender to each other one", () => {
    const rounds = [9, 8, 1].flatMap((value) => [round("ours", value), round("seed", 4)])
    assert.include(table(rounds, ["ours", "seed"]), "| message | ack p50, ms | 8.00 | 4.00 | 2.00 |")
  })

  it("counts a round in which others worked only for a contender who has no quiet one", () => {
    const rounds = [round("ours", 3), round("ours", 90, 1.5), round("ours", 91, 1.5), round("seed", 6, 1.5)]
    assert.include(table(rounds, ["ours", "seed"]), "| 3.00 | 6.00 | 0.500 |")
    assert.include(noiseLine(rounds), "3 of 4 rounds were noisy")
    assert.include(roundLine(rounds[1]!), "strangers 1.50 cores (noisy)")
  })

  it("shows a dash where a contender does not take part", () => {
    assert.include(table([round("ours", 3)], ["ours", "floor"]), "| 3.00 | - | - |")
  })
})

describe("a round of the bench against peers", () => {
  it("adds up when every count of a record is the same", () => {
    assert.isTrue(addsUp(round("ours", 1, 0, [{ sent: 5, durable: 5 }, { asked: 1, answered: 1 }])))
  })

  it("does not add up when one message is missing, or when nothing was sent", () => {
    const lost = round("ours", 1, 0, [{ sent: 5, acknowledged: 5, delivered: 4 }])
    assert.isFalse(addsUp(lost))
    assert.include(roundLine(lost), "COUNTS DO NOT ADD UP")
    assert.isFalse(addsUp(round("ours", 1, 0, [{ sent: 0, durable: 0 }])))
  })
})

describe("the flags of the bench against peers", () => {
  it("choose scenarios by what names begin with, and optional ones only by their whole name", () => {
    const names = (...given: ReadonlyArray<string>) => chosen(given).map(({ name }) => name)
    assert.deepStrictEqual(names("blast"), ["blast-20-of-20", "blast-20-of-1000", "blast-200-of-200"])
    assert.deepStrictEqual(names("blast-20-of-10000"), ["blast-20-of-10000"])
    assert.notInclude(names(), "blast-20-of-10000")
    assert.throws(() => chosen(["mesage"]), /There is no scenario "mesage"/)
  })

  it("change the size, from the full one or from the smoke's", () => {
    const options = readOptions(["--smoke", "--seconds", "2", "--rates", "20,40", "--only", "ours,floor"])
    assert.strictEqual(options.size.seconds, 2)
    assert.strictEqual(options.size.chats, 2)
    assert.deepStrictEqual(options.size.rates, [20, 40])
    assert.deepStrictEqual(options.only, ["ours", "floor"])
    assert.throws(() => readOptions(["--rounds", "none"]), /--rounds expects a number above 0/)
  })
})
