// One contender with all it needs for one scenario: a database, a Valkey, its runners and the process of its
// phones. What it costs is read from /proc of exactly these.
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import postgres, { type Sql } from "postgres"
import { copyOf } from "../../testkit/postgres/databases.ts"
import { outside, valkeyProgram } from "../../test/support/valkey-program.ts"
import { type Accounts, costing, type Costs, memoryKiB } from "./accounting.ts"
import { type Contender, portsFor, type Runner } from "./contenders.ts"
import { type Load, startLoad } from "./load-client.ts"
import type { Reached } from "./load/pairing.ts"
import type { Person } from "./load/wires.ts"
import { newPeople } from "./people.ts"
import type { Machine } from "./machine.ts"

export interface World {
  readonly contender: Contender
  readonly sql: Sql
  readonly load: Load
  /** Of each runner. */
  readonly ports: ReadonlyArray<number>
  readonly to: Reached
  readonly people: (kind: Person["kind"], count: number) => Promise<ReadonlyArray<Person>>
  readonly costing: <A>(work: () => Promise<A>) => Promise<{ readonly value: A; readonly costs: Costs }>
  /** Of the server's processes together. */
  readonly memoryKiB: () => number
  /** Every runner stops as for an update, and is ready again on its old port; gives how long that took. */
  readonly restart: () => Promise<number>
}

export const socketUrl = (world: World, runner = 0): string => `ws://127.0.0.1:${world.ports[runner]}`

/** Its own Valkey, because channels are one space per server whatever the database's number. */
const valkey = Effect.fnUntraced(function*({ valkey }: Machine) {
  if (valkey.program === null) {
    const url = valkey.url ?? ""
    yield* (yield* outside(url))("FLUSHALL")
    return { url, pids: [] }
  }
  const { command, url } = yield* valkeyProgram(valkey.program)
  const info = String(yield* command("INFO", "server"))
  return { url, pids: [Number(/process_id:(\d+)/.exec(info)?.[1])] }
})

const connection = (url: string) =>
  Effect.acquireRelease(
    Effect.sync(() => postgres(url, { max: 2, onnotice: () => {} })),
    (sql) => Effect.promise(() => sql.end({ timeout: 1 }))
  )

const load = Effect.acquireRelease(Effect.promise(startLoad), ({ stop }) => Effect.promise(stop))

export const worldOf = Effect.fnUntraced(function*(
  machine: Machine,
  contender: Contender,
  scenario: { readonly wave: number; readonly runners: number }
): Effect.fn.Return<World, Error, Scope.Scope> {
  const scope = yield* Effect.scope
  const template = machine.templates.get(contender.name) ?? ""
  const database = Redacted.value(yield* Effect.orDie(copyOf(machine.postgres, template)))
  const { pids: valkeyPids, url } = yield* valkey(machine)
  const around = { ...scenario, database, valkey: url }
  const sql = yield* connection(database)
  yield* Effect.promise(() => contender.configure(sql, around))
  const ports = yield* portsFor(around.runners)
  const start = Effect.forEach(ports, (each) => contender.start(around, each))
  let runners: ReadonlyArray<Runner> = yield* start
  const phones = yield* load
  yield* Effect.promise(() => phones.ask("speak", contender.wire))
  const restart = Effect.gen(function*() {
    yield* Effect.forEach(runners, ({ stop }) => stop, { discard: true })
    const began = performance.now()
    runners = yield* start
    return performance.now() - began
  }).pipe(Scope.provide(scope))
  const accounts = (): Accounts => ({
    server: runners.map(({ pid }) => pid),
    postgres: machine.postmaster,
    valkey: valkeyPids
  })
  return {
    contender,
    sql,
    load: phones,
    ports: ports.map(([port]) => port),
    to: { http: `http://127.0.0.1:${ports[0]?.[0]}`, webhook_token: contender.webhook_token },
    people: (kind, count) => newPeople(sql, contender.wire === "product", kind, count),
    costing: (work) => costing(accounts(), work),
    memoryKiB: () => memoryKiB(runners.map(({ pid }) => pid)),
    restart: () => Effect.runPromise(restart)
  }
})
