// The Availability suite over Valkeys as some hosters ship them, on which the mirror cannot live: whatever
// they refuse, and whatever they take, every answer is the rows'. And why it is so is told.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import * as SqlClient from "effect/sql/SqlClient"
import { afterAll, beforeAll, inject } from "vitest"
import { Availability } from "../../../src/services/availability/availability.ts"
import { Mirror } from "../../../src/services/availability/mirror.ts"
import { availabilitySuite } from "../../../testkit/conformance/availability.ts"
import { now, online } from "../../../testkit/conformance/availability-given.ts"
import { idOfMitra, inPostgres, MitraRows } from "../../../testkit/conformance/mitra-rows.ts"
import { freshDatabase } from "../../support/postgres.ts"
import { valkeyCluster } from "../../support/valkey-cluster.ts"
import { valkeyProgram } from "../../support/valkey-program.ts"
import { clockAt, mirroredAt, patient, quiet } from "../mirrored.ts"

/** Beside a server that was given, the program of this machine. */
const program = Effect.sync(() => inject("valkey").program ?? "redis-server")

const withoutScripts = Effect.gen(function*() {
  const valkey = yield* valkeyProgram(yield* program)
  const rights = ["on", ">word", "~*", "&*", "+@all", "-@scripting", "-eval", "-evalsha"]
  yield* valkey.command("ACL", "SETUSER", "app", ...rights)
  const url = new URL(valkey.url)
  url.username = "app"
  url.password = "word"
  return { url: url.toString(), wipe: valkey.wipe }
})

const inClusterMode = Effect.flatMap(program, valkeyCluster)

const kinds = [
  ["without scripts", withoutScripts],
  ["in cluster mode", inClusterMode]
] as const

/** One for all tests of a kind, because it takes a second and more to start; each finds it empty. */
const startedOnce = (server: (typeof kinds)[number][1]) => {
  const scope = Scope.makeUnsafe()
  let running: Effect.Success<typeof server> | null = null
  beforeAll(async () => {
    running = await Effect.runPromise(Scope.provide(server, scope))
  })
  afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))
  return Effect.suspend(() => Effect.as(running!.wipe, running!.url))
}

/** Rows that are put, and a mirror that is told of them, whatever becomes of it. */
const told = Layer.effect(MitraRows)(
  Effect.gen(function*() {
    const rows = yield* MitraRows
    const mirror = yield* Mirror
    const sql = yield* SqlClient.SqlClient
    return MitraRows.of({
      put: (mitras) =>
        Effect.andThen(rows.put(mitras), Effect.ignore(mirror.reseed)).pipe(
          Effect.provideService(SqlClient.SqlClient, sql)
        )
    })
  })
).pipe(Layer.provide(inPostgres))

for (const [name, kind] of kinds) {
  const server = startedOnce(kind)
  const withWriteBack = (seconds: number) =>
    Layer.unwrap(Effect.map(server, (url) => mirroredAt(url, patient, seconds))).pipe(
      Layer.provideMerge(freshDatabase),
      Layer.provide(clockAt(now - 180_000)),
      Layer.provideMerge(quiet),
      Layer.orDie
    )
  // The rows know all pings at once; so they are asked about silence as exactly as a mirror.
  const mirrored = withWriteBack(0)
  availabilitySuite(`Valkey ${name}`, it.live, told.pipe(Layer.provideMerge(mirrored), Layer.orDie))

  describe(`the mirror on a Valkey ${name}`, () => {
    it.live("keeps nobody online who is silent for longer than a ping of another runner is on its way", () =>
      Effect.gen(function*() {
        const { put } = yield* MitraRows
        // Lost for three minutes; a ping may reach the rows two write-backs of a minute late.
        yield* put([
          online(1, { last_heartbeat_at: now - 60_000 }),
          online(2, { last_heartbeat_at: now - 170_000 })
        ])
        const { stale } = yield* Availability
        assert.deepStrictEqual(yield* stale(now - 45_000, 10), [idOfMitra(2)])
        assert.strictEqual((yield* Effect.exit(stale(now - 70_000, 10)))._tag, "Failure")
      }).pipe(Effect.provide(told.pipe(Layer.provideMerge(withWriteBack(60)), Layer.orDie))))

    it.live("is not believed, and says what Valkey said", () =>
      Effect.gen(function*() {
        const mirror = yield* Mirror
        const { last_error, state } = yield* mirror.status.pipe(
          Effect.repeat({
            until: (status) => status.last_error !== null,
            schedule: Schedule.spaced("50 millis")
          }),
          Effect.timeout("10 seconds")
        )
        assert.notStrictEqual(state, "up")
        assert.match(last_error ?? "", /NOPERM|MOVED|CROSSSLOT|CLUSTER|non local key/i)
      }).pipe(Effect.provide(mirrored)))
  })
}
