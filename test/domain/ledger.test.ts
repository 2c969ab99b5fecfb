// The ledger: every millisecond that was paid for has exactly one entry. Pauses and purchases are the
// seam an extension will use; here they are driven by hand and by random sequences.
import { assert, it } from "@effect/vitest"
import * as fc from "fast-check"
import {
  chargedMs,
  emptyLedger,
  endsAt,
  isBalanced,
  type Ledger,
  pause,
  purchase,
  remainingMs,
  rename,
  serve,
  settle
} from "../../src/domain/ledger.ts"
import { deepFreeze } from "./deep-freeze.ts"

const served = (from: number, to: number, reason = "paired") => ({
  state: "served" as const,
  reason,
  from,
  to,
  charged_ms: to - from
})
const paused = (from: number, to: number) => ({
  state: "paused" as const,
  reason: "extending",
  from,
  to,
  charged_ms: 0
})
const forfeited = (at: number, ms: number) => ({
  state: "forfeited" as const,
  reason: "ended",
  from: at,
  to: at,
  charged_ms: ms
})

it("An unused ledger holds the whole purchase and no clock runs", () => {
  const ledger = emptyLedger(1000)
  assert.strictEqual(remainingMs(ledger, 5), 1000)
  assert.isNull(endsAt(ledger))
  assert.isFalse(isBalanced(ledger))
  assert.isTrue(isBalanced(emptyLedger(0)))
})

it("While served the remainder shrinks to zero and never below", () => {
  const ledger = serve(emptyLedger(1000), 100, "paired")
  assert.strictEqual(endsAt(ledger), 1100)
  assert.deepStrictEqual([50, 100, 600, 1100, 5000].map((now) => remainingMs(ledger, now)), [
    1000,
    1000,
    500,
    0,
    0
  ])
  assert.isFalse(isBalanced(ledger))
})

it("A purchase served to its end is balanced with one entry", () => {
  const ledger = settle(serve(emptyLedger(1000), 100, "paired"), 1100, "time_up")
  assert.deepStrictEqual(ledger, { purchased_ms: 1000, entries: [served(100, 1100)], open: null })
  assert.isTrue(isBalanced(ledger))
})

it("Settling late charges no more than was bought", () => {
  const ledger = settle(serve(emptyLedger(1000), 100, "paired"), 9999, "time_up")
  assert.deepStrictEqual(ledger.entries, [served(100, 1100)])
})

it("Settling early forfeits the rest with the reason", () => {
  const ledger = settle(serve(emptyLedger(1000), 100, "paired"), 400, "ended")
  assert.deepStrictEqual(ledger.entries, [served(100, 400), forfeited(400, 700)])
  assert.isTrue(isBalanced(ledger))
})

it("Settling twice changes nothing more", () => {
  const once = settle(serve(emptyLedger(1000), 100, "paired"), 400, "ended")
  assert.deepStrictEqual(settle(once, 500, "again"), once)
})

it("Settling what was never served forfeits it all", () => {
  assert.deepStrictEqual(settle(emptyLedger(1000), 5, "ended").entries, [forfeited(5, 1000)])
})

it("A pause costs nothing and moves the end by exactly its length", () => {
  const running = serve(emptyLedger(1000), 0, "paired")
  const waiting = pause(running, 300, "extending")
  assert.isNull(endsAt(waiting))
  assert.strictEqual(remainingMs(waiting, 10_000), 700)
  const resumed = serve(waiting, 340, "resumed")
  assert.strictEqual(endsAt(resumed), 1040)
  assert.deepStrictEqual(settle(resumed, 1040, "time_up").entries, [
    served(0, 300),
    paused(300, 340),
    served(340, 1040, "resumed")
  ])
})

it("An extension bought while paused is served after the rest", () => {
  const waiting = pause(serve(emptyLedger(1000), 0, "paired"), 900, "extending")
  const resumed = serve(purchase(waiting, 500), 910, "resumed")
  assert.strictEqual(endsAt(resumed), 910 + 100 + 500)
  const ledger = settle(resumed, 1510, "time_up")
  assert.strictEqual(chargedMs(ledger), 1500)
  assert.isTrue(isBalanced(ledger))
})

it("An extension bought at the very last moment of the clock adds its whole length", () => {
  const waiting = pause(serve(emptyLedger(1000), 0, "paired"), 1000, "extending")
  assert.strictEqual(remainingMs(waiting, 1005), 0)
  assert.strictEqual(endsAt(serve(purchase(waiting, 500), 1005, "resumed")), 1505)
})

it("An extension that was refused leaves the pause uncharged and the rest forfeited", () => {
  const ledger = settle(pause(serve(emptyLedger(1000), 0, "paired"), 900, "extending"), 910, "ended")
  assert.deepStrictEqual(ledger.entries, [served(0, 900), paused(900, 910), forfeited(910, 100)])
})

it("Another name for what is served never moves the end, also from an instant behind it", () => {
  const running = serve(emptyLedger(1000), 0, "paired")
  assert.strictEqual(endsAt(rename(running, 400, "mitra_offline")), 1000)
  const late = rename(running, 1002, "mitra_offline")
  assert.strictEqual(endsAt(late), 1000)
  assert.deepStrictEqual(settle(late, 1000, "time_up").entries, [
    served(0, 1000),
    served(1000, 1000, "mitra_offline")
  ])
})

it("A clock that jumped back, as between two servers, serves no instant twice", () => {
  const waiting = pause(serve(emptyLedger(1000), 0, "paired"), 500, "extending")
  const resumed = serve(waiting, 490, "resumed")
  assert.strictEqual(endsAt(resumed), 1000)
  assert.deepStrictEqual(settle(resumed, 480, "ended").entries, [
    served(0, 500),
    paused(500, 500),
    served(500, 500, "resumed"),
    forfeited(500, 500)
  ])
})

type Step = readonly ["serve" | "pause" | "settle", number] | readonly ["purchase", number, number]
const stepsOf = (time: fc.Arbitrary<number>): fc.Arbitrary<Array<Step>> =>
  fc.array(
    fc.oneof(
      fc.tuple(fc.constantFrom("serve" as const, "pause" as const, "settle" as const), time),
      fc.tuple(fc.constant("purchase" as const), time, fc.integer({ min: 0, max: 5000 }))
    ),
    { maxLength: 20 }
  )

const apply = (ledger: Ledger, step: Step, now: number): Ledger => {
  switch (step[0]) {
    case "serve":
      return serve(ledger, now, "paired")
    case "pause":
      return pause(ledger, now, "extending")
    case "settle":
      return settle(ledger, now, "ended")
    case "purchase":
      return purchase(ledger, step[2])
  }
}

const assertSound = (ledger: Ledger, now: number): void => {
  assert.isAtMost(chargedMs(ledger), ledger.purchased_ms)
  assert.isAtLeast(remainingMs(ledger, now), 0)
  assert.isAtMost(remainingMs(ledger, now), ledger.purchased_ms - chargedMs(ledger))
  let last = Number.NEGATIVE_INFINITY
  for (const entry of ledger.entries) {
    assert.isAtLeast(entry.from, last, "entries never overlap")
    assert.isAtLeast(entry.to, entry.from)
    if (entry.state === "served") assert.strictEqual(entry.charged_ms, entry.to - entry.from)
    if (entry.state === "paused") assert.strictEqual(entry.charged_ms, 0)
    if (entry.state === "forfeited") assert.isAbove(entry.charged_ms, 0)
    last = entry.to
  }
  if (ledger.open !== null) assert.isAtLeast(ledger.open.from, last)
  const end = endsAt(ledger)
  if (end !== null) assert.strictEqual(remainingMs(ledger, end), 0)
}

it("Whatever is served, paused, bought and settled, entries neither overlap nor exceed the purchase", () => {
  // Times go forward and, between servers whose clocks differ, sometimes a little back.
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 10_000 }),
      stepsOf(fc.integer({ min: -500, max: 5000 })),
      (purchased, steps) => {
        let ledger = emptyLedger(purchased)
        let now = 0
        for (const step of steps) {
          now += step[1]
          ledger = apply(deepFreeze(ledger), step, now)
          assertSound(ledger, now)
          if (step[0] === "settle") assert.isTrue(isBalanced(ledger))
        }
        assert.isTrue(isBalanced(settle(ledger, now, "ended")))
      }
    ),
    { numRuns: 1000 }
  )
})

it("Until the purchase runs out, the entries cover the time without a gap", () => {
  const span = fc.integer({ min: 0, max: 500 })
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom("serve" as const, "pause" as const), span)), (steps) => {
      const start = serve(emptyLedger(1_000_000), 0, "paired")
      let now = 0
      const ledger = steps.reduce((current, step) => {
        now += step[1]
        return apply(current, step, now)
      }, start)
      const covered = ledger.entries.reduce((sum, entry) => sum + (entry.to - entry.from), 0)
      assert.strictEqual(covered, ledger.open?.from)
    }),
    { numRuns: 1000 }
  )
})
