// What it costs to be seen: nanoseconds of CPU per update of a figure, and their sum for the updates one chat
// message makes; and what spans cost while nobody collects them. Held against what a message costs the whole
// server, which `bench -- messages` measures.
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import { add, count, observe } from "../src/services/operations/figures.ts"
import { spanned } from "../src/services/operations/spans.ts"
import { median } from "./measuring.ts"

const rounds = 2_000_000

const nanosOf = (update: () => void): number => {
  for (let warm = 0; warm < rounds / 10; warm++) update()
  const before = process.cpuUsage()
  for (let round = 0; round < rounds; round++) update()
  const { system, user } = process.cpuUsage(before)
  return (system + user) * 1000 / rounds
}

/** In one fiber, as a turn has it; less what the loop itself costs. */
const nanosOfEffect = (effect: Effect.Effect<unknown>): number => {
  const loop = (times: number) =>
    Effect.gen(function*() {
      for (let round = 0; round < times; round++) yield* effect
    })
  Effect.runSync(loop(rounds / 10))
  const before = process.cpuUsage()
  Effect.runSync(loop(rounds))
  const { system, user } = process.cpuUsage(before)
  return (system + user) * 1000 / rounds
}

const nothing = Effect.withFiber(() => Effect.void)
/** Call, actor, turn, commit, publish and deliver: all that a message is in. */
const spansPerMessage = 6

/** A message is a call, a turn and a delivery; its receipts are two calls and two turns more. */
const perMessage = { counts: 6, observations: 8, gauges: 4 }

export const bench = Effect.gen(function*() {
  const each = {
    counts: nanosOf(() => count("calls_total", ["chat.send", "success"])),
    observations: nanosOf(() => observe("call_ms", 7, ["chat.send"])),
    gauges: nanosOf(() => add("postgres_calls_in_flight", 1))
  }
  const total = perMessage.counts * each.counts + perMessage.observations * each.observations +
    perMessage.gauges * each.gauges
  for (const [kind, nanos] of Object.entries(each)) {
    yield* Console.log(`${kind.padEnd(14)}${nanos.toFixed(0)} ns`)
  }
  yield* Console.log(`a message     ${(total / 1000).toFixed(2)} us of CPU`)
  const spans = [1, 2, 3].map(() =>
    nanosOfEffect(spanned("turn", { kind: "session", id: "one" })(nothing)) - nanosOfEffect(nothing)
  )
  yield* Console.log(`a span, off   ${median(spans).toFixed(0)} ns`)
  yield* Console.log(
    `a message     ${
      (spansPerMessage * median(spans) / 1000).toFixed(2)
    } us of CPU for ${spansPerMessage} spans that nobody collects`
  )
})
