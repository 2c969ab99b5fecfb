// Which Valkey runners see, in the rows: each hears what the others told lately, on a table that a migration
// brings into a database in use.
import { PgClient } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import createValkeySightings from "../../../migrations/0020_create_valkey_sightings.ts"
import {
  makeValkeySightings,
  sightingFreshMs
} from "../../../src/layers/availability/valkey-sightings.postgres.ts"
import { idOf, t0 } from "../../../testkit/conformance/given.ts"
import { freshDatabase } from "../../support/postgres.ts"

const [one, other] = [idOf(1), idOf(2)]

describe("sightings of Valkeys", () => {
  it.live("are heard by the others until they are old or taken back", () =>
    Effect.gen(function*() {
      const sql = yield* PgClient.PgClient
      yield* sql`DROP TABLE valkey_sightings`
      yield* createValkeySightings
      const sightings = yield* makeValkeySightings
      assert.deepStrictEqual(yield* sightings.tell(one, "a", t0), [])
      assert.deepStrictEqual(yield* sightings.tell(other, null, t0 + 1), ["a"])
      assert.deepStrictEqual(yield* sightings.tell(one, "b", t0 + 2), [null])
      assert.deepStrictEqual(yield* sightings.tell(other, "b", t0 + 1 + sightingFreshMs), ["b"])
      assert.deepStrictEqual(yield* sightings.tell(other, "b", t0 + 2 + sightingFreshMs), [])
      yield* sightings.forget(other)
      assert.deepStrictEqual(yield* sightings.tell(one, "b", t0 + 3 + sightingFreshMs), [])
      yield* sightings.tell(other, "b", t0 + 24 * 3_600_000)
      assert.deepStrictEqual(yield* sql`SELECT runner FROM valkey_sightings`, [{ runner: other }])
    }).pipe(Effect.provide(freshDatabase)))
})
