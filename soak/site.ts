// Everything a soak stands on: stores, three runners, a proxy on every way between them and to their phones,
// the products and mitras of the day, and a balancer that leads phones to runners that are ready.
import { randomUUID } from "node:crypto"
import * as Effect from "effect/Effect"
import { freePorts, seedDatabase } from "../test/support/server-process.ts"
import { tcpProxy } from "../test/support/tcp-proxy.ts"
import type { Findings } from "./findings.ts"
import type { SoakOptions } from "./options.ts"
import { Runner, type Ways } from "./runner.ts"
import { makeStores, type Stores } from "./stores.ts"

const runnersCount = 3
const lookEveryMs = 400
/** Short chats, so that many are paid, extended and closed while faults strike. */
export const tiers = { soak_chat: 45, soak_more: 20 }

const settings = {
  closing_grace_seconds: 6,
  extension_timeout_seconds: 4,
  mitra_stale_after_seconds: 15,
  pairing_search_again_seconds: 1
}

const environment = {
  MITRA_HEARTBEAT_CADENCE_SECONDS: "10",
  MITRA_AUTO_OFFLINE_SWEEP_SECONDS: "3",
  HEARTBEAT_MIRROR_INTERVAL_SECONDS: "5",
  VALKEY_ONLINE_MIRROR_SWEEP_SECONDS: "30",
  SIGN_UPS_PER_NETWORK_HOURLY: "1000000",
  SIGN_UPS_HOURLY: "10000000",
  DATABASE_POOL_MAX: "10",
  RUNNER_SECRET: "a-secret-that-all-runners-of-the-soak-know"
}

/** Mitra number so and so; demo mitras have numbers below. */
export const mitraPhone = (number: number): string => `+62811${String(1_000_000 + number)}`

const prepare = async (query: Stores["query"], mitras: number): Promise<void> => {
  for (const [key, value] of Object.entries(settings)) {
    await query(`INSERT INTO settings (key, value, updated_at) VALUES ('${key}', '${value}', now())`)
  }
  for (const [id, seconds] of Object.entries(tiers)) {
    await query(`INSERT INTO pricing_tiers (id, label, mode, duration_seconds, price_idr, updated_at)
      VALUES ('${id}', '${id}', 'chat', ${seconds}, 1000, now())`)
  }
  for (let number = 0; number < mitras; number++) {
    const id = randomUUID()
    await query(`INSERT INTO mitras (id, display_name, phone, created_at)
      VALUES ('${id}', 'Mitra ${number}', '${mitraPhone(number)}', now())`)
    await query(`INSERT INTO mitra_status (mitra_id) VALUES ('${id}')`)
  }
}

const waysOf = Effect.fnUntraced(function*(stores: Stores, runner: Runner, all: ReadonlyArray<Runner>) {
  const peers = new Map<number, Ways["phones"]>()
  for (const { name, ports: [, , port] } of all) {
    if (name !== runner.name) peers.set(port, yield* tcpProxy(`http://127.0.0.1:${port}`))
  }
  return {
    phones: yield* tcpProxy(`http://127.0.0.1:${runner.ports[0]}`),
    postgres: yield* tcpProxy(stores.database),
    valkey: yield* tcpProxy(stores.valkey.url),
    peers
  } satisfies Ways
})

export interface Site extends Stores {
  readonly runners: ReadonlyArray<Runner>
  readonly findings: Findings
  readonly start: (runner: Runner) => Promise<void>
  /** A runner for a phone: one of those that are ready, if there is one. */
  readonly choose: () => Runner
  /** How far away Postgres is when nothing is wrong, each way. */
  readonly distance_ms: number
}

export const makeSite = Effect.fnUntraced(
  function*(options: SoakOptions, folder: string, findings: Findings) {
    const stores = yield* makeStores(folder)
    yield* seedDatabase(stores.database)
    yield* Effect.promise(() => prepare(stores.query, options.mitras))
    const runners: Array<Runner> = []
    while (runners.length < runnersCount) {
      const ports = yield* Effect.promise(() => freePorts(true))
      runners.push(new Runner(`runner${runners.length + 1}`, ports, folder, findings))
    }
    for (const runner of runners) {
      runner.ways = yield* waysOf(stores, runner, runners)
      yield* runner.ways.postgres.slow(options.distance_ms)
    }
    yield* Effect.addFinalizer(() =>
      Effect.promise(async () => {
        await Promise.all(runners.map((runner) => runner.end("SIGKILL")))
        for (const runner of runners) runner.close()
      })
    )
    const start = (runner: Runner) => runner.start(environment)
    yield* Effect.promise(() =>
      Promise.all(runners.map((runner) => start(runner).then(() => runner.untilReady())))
    )
    const balancer = setInterval(() => runners.forEach((runner) => void runner.look()), lookEveryMs)
    yield* Effect.addFinalizer(() => Effect.sync(() => clearInterval(balancer)))
    // Phones are people: who goes where is up to chance, not to the seed.
    const choose = () => {
      const ready = runners.filter(({ isReady }) => isReady)
      const among = ready.length > 0 ? ready : runners
      return among[Math.floor(Math.random() * among.length)]!
    }
    return { ...stores, runners, findings, start, choose, distance_ms: options.distance_ms } satisfies Site
  }
)
