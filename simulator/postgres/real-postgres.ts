// A world on a real PostgreSQL: the server's own adapters, a pool for each runner, transactions of several
// runners at the same time. Statements are real, and so is the order in which the database carries them out:
// the same seed is not the same run. What rules read is brought from the database after every statement.
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import { SecureRandom } from "effect/crypto"
import type { PgClient } from "@effect/sql-pg"
import type * as SqlClient from "effect/sql/SqlClient"
import * as Statement from "effect/sql/Statement"
import * as Accounts from "../../src/layers/accounts/accounts.postgres.ts"
import * as Staff from "../../src/layers/accounts/staff.postgres.ts"
import * as CipherNone from "../../src/layers/encryption/cipher.none.ts"
import * as Pricing from "../../src/layers/payments/pricing.postgres.ts"
import * as Settings from "../../src/layers/settings/settings.postgres.ts"
import * as Pool from "../../src/layers/platform/postgres/client.ts"
import { seeding, type StartingSettings } from "../clients/seed-data.ts"
import { realRuntimeOf } from "../kernel/runtime.ts"
import type { Process } from "../kernel/process.ts"
import { layerPasswords } from "../server/identities.ts"
import type { Mutation } from "../server/mutation.ts"
import type { RealStores } from "../stores/stores.ts"
import type { World } from "../world.ts"
import { realPorts } from "./ports.ts"
import { makeRowHistory } from "./row-history.ts"
import { apply, mirroredTables } from "./tables.ts"

export type Database = Context.Context<PgClient.PgClient | SqlClient.SqlClient>

const connectionsPerRunner = 6

/** What runs statements of a world, and knows when one of them is over. */
export class RealPostgres implements RealStores {
  readonly #databaseOf: (runner: string) => Database
  readonly #changes: Effect.Effect<Parameters<typeof apply>[1], unknown>
  readonly #scope: Scope.Scope
  #world: World | null = null
  #wake: () => void = () => {}
  #next: Promise<void>
  #reading: Promise<void> = Promise.resolve()
  #waiting: Promise<void> | null = null

  constructor(options: {
    readonly databaseOf: (runner: string) => Database
    readonly changes: Effect.Effect<Parameters<typeof apply>[1], unknown>
    readonly scope: Scope.Scope
  }) {
    this.#databaseOf = options.databaseOf
    this.#changes = options.changes
    this.#scope = options.scope
    this.#next = this.#later()
  }

  readonly settled = (): Promise<void> => this.#next

  readonly begin = (world: World): void => {
    this.#world = world
    const hold = world.time.hold(world.time.now_us)
    void this.#read().then(() => {
      world.time.release(hold)
      setImmediate(() => this.#over())
    })
  }

  readonly portsOf = (process: Process) => {
    const world = this.#there
    const context = Context.mergeAll(
      rewriting(world.stores.mutation),
      realRuntimeOf(world.time, process, { prng: world.prng.split(`${process.name}/real`), log: world.log }),
      this.#databaseOf(process.name)
    )
    return realPorts({
      world,
      process,
      context,
      scope: this.#scope,
      run: (statement) => this.#run(statement, context)
    })
  }

  get #there(): World {
    if (this.#world === null) throw new Error("a real database was asked before its world had begun")
    return this.#world
  }

  #run<A, E>(statement: Effect.Effect<A, E>, context: Context.Context<never>): Promise<Exit.Exit<A, E>> {
    const running = Effect.runPromiseExitWith(context)(statement)
    const read = running.then(() => this.#read())
    return read.then(() => running).finally(() => setImmediate(() => this.#over()))
  }

  /** After every statement; what others committed meanwhile comes along, and who waits shares the next. */
  #read(): Promise<void> {
    if (this.#waiting !== null) return this.#waiting
    const reading = this.#reading.then(async () => {
      this.#waiting = null
      apply(this.#there.stores.tables, await Effect.runPromise(this.#changes as Effect.Effect<never>))
    })
    this.#waiting = reading
    this.#reading = reading
    return reading
  }

  #later(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  #over(): void {
    const wake = this.#wake
    this.#next = this.#later()
    wake()
  }
}

/** A planted bug in SQL: statements with another text, and the same parameters. */
const rewriting = (mutation: Mutation | null): Context.Context<never> => {
  const rewrite = mutation?.sql
  if (rewrite === undefined) return Context.empty()
  return Context.make(Statement.CurrentTransformer, (statement, sql) => {
    const [text, parameters] = statement.compile()
    const broken = rewrite(text)
    return Effect.succeed(broken === text ? statement : sql.unsafe(broken, parameters))
  }) as Context.Context<never>
}

const databaseAt = (url: string, connections_max: number) =>
  Layer.orDie(Pool.layer({ url: Redacted.make(url), application: "simulator", connections_max }))

/** On a fresh, migrated database: seeds it as the memory tables of other worlds are. */
export const makeRealPostgres = Effect.fnUntraced(function*(
  url: string,
  options: {
    readonly mitras: number
    readonly runners: number
    readonly settings?: StartingSettings
    readonly starts_at: number
  }
) {
  const scope = yield* Effect.scope
  const own = yield* Layer.build(databaseAt(url, 1))
  const pools = new Map<string, Database>()
  for (let number = 1; number <= options.runners; number += 1) {
    pools.set(`runner-${number}`, yield* Layer.build(Layer.fresh(databaseAt(url, connectionsPerRunner))))
  }
  const { written } = yield* Effect.provide(makeRowHistory(mirroredTables, true), own)
  const adapters = Layer.mergeAll(Accounts.layer, Pricing.layer, Settings.layer, Staff.layer, layerPasswords)
    .pipe(
      Layer.provideMerge(
        Layer.mergeAll(CipherNone.layer, SecureRandom.layerWebCrypto, Layer.succeedContext(own))
      )
    )
  yield* Effect.provide(seeding(options.mitras, options.starts_at, options.settings), adapters)
  return new RealPostgres({
    scope,
    databaseOf: (runner) => pools.get(runner)!,
    changes: written
  })
})
