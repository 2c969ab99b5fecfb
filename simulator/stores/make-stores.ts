// Makes the stores of a world: the database, and Valkey where there is one.
import type * as Context from "effect/Context"
import { make as newTables } from "../../testkit/memory/store/tables.ts"
import { type Hazards, limitsWith } from "../faults/hazards.ts"
import { shippedLimits } from "../faults/small-limits.ts"
import { Process } from "../kernel/process.ts"
import { type LogLine, runtimeOf } from "../kernel/runtime.ts"
import type { Prng } from "../kernel/prng.ts"
import type { VirtualTime } from "../kernel/virtual-time.ts"
import { Channel } from "../network/channel.ts"
import type { Latency } from "../network/line.ts"
import type { Mutation } from "../server/mutation.ts"
import { Leases } from "./leases.ts"
import { SharedPresence } from "./presence.ts"
import { PaymentBooks } from "./payment-books.ts"
import { PushService } from "./push-service.ts"
import { Store } from "./store.ts"
import type { RealStores, Timings, Stores } from "./stores.ts"
import type { RealValkey } from "../valkey/real-valkey.ts"
import { SimulatedValkey } from "../valkey/simulated-valkey.ts"

const latencies = {
  postgres: { low_ms: 0.2, high_ms: 1.5 },
  valkey: { low_ms: 0.05, high_ms: 0.4 }
} as const satisfies Record<string, Latency>

export const makeStores = (options: {
  readonly time: VirtualTime
  readonly prng: Prng
  readonly log: (line: LogLine) => void
  readonly timings: Timings
  readonly valkey: boolean
  readonly mutation?: Mutation | null
  readonly real?: RealStores | null
  readonly realValkey?: RealValkey | null
  readonly hazards?: Hazards | null
}): Stores => {
  const { log, timings, prng, time } = options
  const storeOf = (name: keyof typeof latencies) =>
    new Store({
      name,
      time,
      prng: prng.split(name),
      latency: latencies[name],
      isNear: timings.nearStores,
      context: runtimeOf(time, new Process(`${name}/statements`), {
        prng: prng.split(`${name}/statements`),
        log
      }) as Context.Context<never>
    })
  const channelOf = (store: Store, counts: boolean) =>
    new Channel({ time, prng: prng.split(`${store.name}/channel`), latency: latencies.valkey, store, counts })
  const postgres = storeOf("postgres")
  postgres.splitCalls(options.hazards?.split_share ?? 0, prng.split("statement boundaries"))
  const valkey = options.valkey
    ? new SimulatedValkey({
      store: storeOf("valkey"),
      time,
      real: options.realValkey ?? null,
      rewrite: options.mutation?.lua
    })
    : null
  return {
    postgres,
    valkey,
    tables: newTables(),
    leases: new Leases(time, timings.lease_ms),
    presence: new SharedPresence(),
    push: new PushService({ time, prng: prng.split("push") }),
    books: new PaymentBooks({ time, prng: prng.split("payment books") }),
    channels: [...(valkey === null ? [] : [channelOf(valkey.store, true)]), channelOf(postgres, false)],
    timings,
    witness: { onTurn: () => {} },
    mutation: options.mutation ?? null,
    real: options.real ?? null,
    limits: options.hazards === undefined || options.hazards === null
      ? shippedLimits
      : limitsWith(options.hazards)
  }
}
