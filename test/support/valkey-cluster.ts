// A Valkey in cluster mode, as some hosters ship it: two primaries that share the slots. Gone with its scope.
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { freePort } from "../../src/layers/platform/free-port.ts"
import { type TestValkey, valkeyProgram } from "./valkey-program.ts"

const isWhole = ({ command }: TestValkey) =>
  Effect.flatMap(
    command("CLUSTER", "INFO"),
    (info) => String(info).includes("cluster_state:ok") ? Effect.void : Effect.fail("not yet" as const)
  ).pipe(Effect.retry(Schedule.spaced("50 millis")), Effect.timeout("20 seconds"), Effect.orDie)

/** The address of one of the two: half of the keys are not there. */
export const valkeyCluster = Effect.fnUntraced(function*(program: string) {
  const node = Effect.gen(function*() {
    const bus = yield* Effect.orDie(freePort)
    const words = ["--cluster-enabled", "yes", "--cluster-port", String(bus)]
    return { ...yield* valkeyProgram(program, words), bus }
  })
  const [one, other] = [yield* node, yield* node]
  yield* one.command("CLUSTER", "ADDSLOTSRANGE", 0, 8_191)
  yield* other.command("CLUSTER", "ADDSLOTSRANGE", 8_192, 16_383)
  yield* one.command("CLUSTER", "MEET", "127.0.0.1", new URL(other.url).port, other.bus)
  yield* isWhole(one)
  yield* isWhole(other)
  return { url: one.url, wipe: Effect.andThen(one.wipe, other.wipe) }
})
