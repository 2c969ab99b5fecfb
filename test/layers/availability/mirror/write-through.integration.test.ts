// What other tools find under the fixed keys after every change, what a ping costs, and what staff see.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import { keys } from "../../../../src/layers/availability/mirror/keys.ts"
import { Availability } from "../../../../src/services/availability/availability.ts"
import { Mirror } from "../../../../src/services/availability/mirror.ts"
import { now, online } from "../../../../testkit/conformance/availability-given.ts"
import { clockAt, mirroredAt, quiet } from "../../mirrored.ts"
import {
  idOfMitra,
  inPostgres,
  MitraRows,
  type SomeMitra
} from "../../../../testkit/conformance/mitra-rows.ts"
import { freshDatabase } from "../../../support/postgres.ts"
import { freshValkey, type TestValkey } from "../../../support/valkey.ts"

/** Every statement built on the pool. */
let statements = 0
const countedDatabase = Layer.effect(SqlClient.SqlClient)(
  Effect.map(SqlClient.SqlClient, (sql) =>
    new Proxy(sql, {
      apply: (target, self, args) => {
        statements += 1
        return Reflect.apply(target, self, args)
      }
    }))
).pipe(Layer.provide(freshDatabase))

type World = Availability | Mirror | MitraRows | SqlClient.SqlClient

const world = (title: string, body: (valkey: TestValkey) => Effect.Effect<void, unknown, World>) =>
  it.live(title, () =>
    Effect.gen(function*() {
      const valkey = yield* freshValkey
      const layer = Layer.merge(mirroredAt(valkey.url), inPostgres).pipe(
        Layer.provideMerge(countedDatabase),
        Layer.provide(clockAt(now - 180_000)),
        Layer.provideMerge(quiet),
        Layer.orDie
      )
      yield* Effect.provide(body(valkey), layer)
    }))

const fixedKeys = Effect.fnUntraced(function*({ command }: TestValkey, number: number) {
  const id = idOfMitra(number)
  return {
    online: yield* command("SISMEMBER", keys.online, id),
    deactivated: yield* command("SISMEMBER", keys.deactivated, id),
    capacity: yield* command("GET", keys.capacity + id),
    heartbeat: yield* command("GET", keys.heartbeat + id),
    ttl: yield* command("TTL", keys.heartbeat + id)
  }
})

const put = (...mitras: ReadonlyArray<SomeMitra>) => Effect.flatMap(MitraRows, (rows) => rows.put(mitras))
const away = (number: number, more: Partial<SomeMitra> = {}) =>
  online(number, { online_since: null, ...more })
const text = (ms: number) => new Date(ms).toISOString()

describe("the mirror's fixed keys", () => {
  world(
    "follow a mitra online, through her chats, offline, out of service and back",
    (valkey) =>
      Effect.gen(function*() {
        const port = yield* Availability
        const id = idOfMitra(1)
        yield* put(online(1, { online_since: now, last_heartbeat_at: now }))
        yield* port.changed([id])
        const fresh = { online: 1, deactivated: 0, capacity: "0", heartbeat: text(now), ttl: -1 }
        assert.deepStrictEqual(yield* fixedKeys(valkey, 1), fresh)
        for (const sessions of [1, 2, 3, 2, 0]) {
          yield* put(online(1, { online_since: now, last_heartbeat_at: now, sessions }))
          yield* port.changed([id])
          assert.deepStrictEqual(yield* fixedKeys(valkey, 1), { ...fresh, capacity: String(sessions) })
        }
        yield* port.heartbeat(id, now + 30_000)
        assert.deepStrictEqual(yield* fixedKeys(valkey, 1), { ...fresh, heartbeat: text(now + 30_000) })
        yield* put(away(1, { sessions: 1 }))
        yield* port.changed([id])
        const gone = { online: 0, deactivated: 0, capacity: "1", heartbeat: null, ttl: -2 }
        assert.deepStrictEqual(yield* fixedKeys(valkey, 1), gone)
        yield* put(away(1, { is_active: false }))
        yield* port.changed([id])
        assert.deepStrictEqual(yield* fixedKeys(valkey, 1), { ...gone, deactivated: 1, capacity: "0" })
        yield* put(away(1))
        yield* port.changed([id])
        assert.deepStrictEqual(yield* fixedKeys(valkey, 1), { ...gone, capacity: "0" })
      })
  )

  world(
    "are healed by a reseed, whatever was done to them, and the report counts it",
    (valkey) =>
      Effect.gen(function*() {
        const mirror = yield* Mirror
        yield* put(online(1), online(2, { sessions: 1 }), away(3, { is_active: false }), away(4))
        assert.deepInclude(yield* mirror.reseed, { seeded: 3, removed: 0 })
        yield* valkey.command("SREM", keys.online, idOfMitra(1))
        yield* valkey.command("SET", keys.capacity + idOfMitra(2), 9)
        yield* valkey.command("DEL", keys.deactivated)
        yield* valkey.command("SADD", keys.online, idOfMitra(4), idOfMitra(404))
        // Where she does not stand, and where the version before would have put her.
        yield* valkey.command("ZADD", `${keys.queue}0:regular`, 0, `0000000000000000:${idOfMitra(4)}`)
        yield* valkey.command("ZADD", `${keys.queue}0`, 0, `0000000000000000:${idOfMitra(4)}`)
        assert.deepInclude((yield* mirror.status).drift, { rows: 2, keys: 3, drifted: 5 })
        const healed = yield* mirror.reseed
        assert.deepInclude(healed, { seeded: 3, removed: 4, drift_found: 7, healed: 7 })
        assert.deepInclude((yield* mirror.status).drift, { rows: 2, keys: 2, drifted: 0 })
        assert.deepInclude(yield* mirror.reseed, { seeded: 3, removed: 0, drift_found: 0, healed: 0 })
      })
  )

  world(
    "follow a blast's two hundred mitras, however they are named, with one read of the rows",
    () =>
      Effect.gen(function*() {
        const port = yield* Availability
        const numbers = Array.from({ length: 200 }, (_, index) => index + 1)
        yield* put(...numbers.map((number) => online(number)))
        const before = statements
        yield* port.changed([...numbers, ...numbers].map((number) => idOfMitra(number).toUpperCase()))
        assert.strictEqual(statements - before, 1)
        assert.deepInclude((yield* (yield* Mirror).status).drift, { rows: 200, keys: 200, drifted: 0 })
      })
  )

  world(
    "a change the mirror was not told of is found when the mitra pings",
    (valkey) =>
      Effect.gen(function*() {
        const port = yield* Availability
        yield* put(online(1))
        assert.strictEqual(yield* port.heartbeat(idOfMitra(1), now), "seen")
        assert.deepInclude(yield* fixedKeys(valkey, 1), { online: 1 })
      })
  )
})

describe("a ping", () => {
  world(
    "costs no SQL while Valkey is up, and those close together share a few calls",
    (valkey) =>
      Effect.gen(function*() {
        const port = yield* Availability
        const numbers = Array.from({ length: 300 }, (_, index) => index + 1)
        yield* put(...numbers.map((number) => online(number)))
        yield* (yield* Mirror).reseed
        const before = statements
        const calls = yield* callsOf(valkey)
        assert.isAbove(before, 0)
        const said = yield* Effect.forEach(numbers, (number) => port.heartbeat(idOfMitra(number), now), {
          concurrency: "unbounded"
        })
        assert.deepStrictEqual([...new Set(said)], ["seen"])
        assert.strictEqual(statements - before, 0)
        assert.isAtMost((yield* callsOf(valkey)) - calls, 5)
      })
  )

  world("is known to the rows after a write-back, once, and never backwards", () =>
    Effect.gen(function*() {
      const mirror = yield* Mirror
      const port = yield* Availability
      const sql = yield* SqlClient.SqlClient
      yield* put(online(1), online(2), online(3))
      yield* mirror.reseed
      yield* port.heartbeat(idOfMitra(1), now)
      yield* port.heartbeat(idOfMitra(2), now)
      yield* sql`UPDATE mitra_status SET last_heartbeat_at = ${text(now + 5)} WHERE mitra_id = ${
        idOfMitra(2)
      }`
      assert.deepStrictEqual(yield* mirror.writeBackHeartbeats, { read: 3, written: 1 })
      assert.deepStrictEqual(yield* mirror.writeBackHeartbeats, { read: 3, written: 0 })
      const rows = yield* sql<
        { at: Date }
      >`SELECT last_heartbeat_at AS at FROM mitra_status ORDER BY mitra_id`
      assert.deepStrictEqual(rows.map(({ at }) => at.getTime() - now), [0, 5, -1_000])
    }))
})

const callsOf = ({ command }: TestValkey) =>
  Effect.map(
    command("INFO", "commandstats"),
    (stats) =>
      [...String(stats).matchAll(/cmdstat_eval(?:sha)?:calls=(\d+)/g)].reduce(
        (sum, [, calls]) => sum + Number(calls),
        0
      )
  )
