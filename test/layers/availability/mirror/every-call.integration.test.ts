// Every single Valkey call of every operation goes wrong once, in each way there is. The answer is always
// the one Postgres gives, a change is never lost, and the mirror comes back right by itself.
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import { SecureRandom } from "effect/crypto"
import { layerMirrored } from "../../../../src/layers/availability/availability.ts"
import * as Postgres from "../../../../src/layers/availability/availability.postgres.ts"
import * as Connection from "../../../../src/layers/platform/valkey/connection.ts"
import { Availability } from "../../../../src/services/availability/availability.ts"
import { Mirror } from "../../../../src/services/availability/mirror.ts"
import { now, online } from "../../../../testkit/conformance/availability-given.ts"
import { clockAt, inMirror, patient, quiet } from "../../mirrored.ts"
import {
  idOfMitra,
  inPostgres,
  MitraRows,
  type SomeMitra
} from "../../../../testkit/conformance/mitra-rows.ts"
import { freshDatabase } from "../../../support/postgres.ts"
import { freshValkey } from "../../../support/valkey.ts"
import { Faults, faults, withFaults } from "./faulty.ts"

class RowsOnly extends Context.Service<RowsOnly, MitraRows["Service"]>()("halobestie/test/RowsOnly") {}
class Rows extends Context.Service<Rows, Availability["Service"]>()("halobestie/test/RowsAlone") {}

const world = Layer.mergeAll(
  inMirror.pipe(Layer.provideMerge(layerMirrored({ write_back_seconds: 60, rest_max_ms: 0 }))),
  Layer.effect(Rows)(Effect.service(Availability)).pipe(Layer.provide(Postgres.layer)),
  Layer.effect(RowsOnly)(Effect.service(MitraRows)).pipe(Layer.provide(inPostgres))
).pipe(
  Layer.provideMerge(
    Layer.unwrap(
      Effect.map(
        freshValkey,
        ({ url }) => withFaults(Connection.layer({ url: Redacted.make(url), timings: patient }))
      )
    )
  ),
  Layer.provideMerge(freshDatabase),
  Layer.provide(SecureRandom.layerWebCrypto),
  Layer.provide(clockAt(now - 180_000)),
  Layer.provideMerge(quiet),
  Layer.orDie
)

const cast: ReadonlyArray<SomeMitra> = [
  online(1),
  online(2, { sessions: 1 }),
  online(3, { sessions: 3 }),
  online(4, { last_heartbeat_at: now - 60_000 }),
  online(5, { online_since: null }),
  online(6, { online_since: null, is_active: false }),
  online(7, { last_offer_at: now - 5_000 })
]

/** The same mitras after everything about them has changed. */
const changed: ReadonlyArray<SomeMitra> = [
  online(1, { online_since: null }),
  online(2, { sessions: 3 }),
  online(5, { last_heartbeat_at: now - 2_000 }),
  online(6, { last_heartbeat_at: now - 3_000 }),
  online(7, { online_since: null, is_active: false })
]

const fair = {
  declined_since: null,
  open_offers_max: 5,
  wanted: { topic: "regular", language: null },
  limit: 10,
  exclude: []
} as const
let asked = 0
/** A rule of its own for every question: counts by one rule are shared for a second. */
const ruleNow = () => ({ now, stale_before: now - 45_000 - (asked += 1), max_customers: 3 })

const askAll = (port: Availability["Service"]) =>
  Effect.gen(function*() {
    const rule = ruleNow()
    return {
      candidates: yield* port.candidates({ ...rule, ...fair, only: null }),
      one: yield* port.candidates({ ...rule, ...fair, only: idOfMitra(2) }),
      counts: yield* port.counts(rule),
      last: yield* port.lastHeartbeat(idOfMitra(1)),
      offline: yield* port.lastHeartbeat(idOfMitra(5))
    }
  })

const mirrorIsUp = Effect.gen(function*() {
  const mirror = yield* Mirror
  yield* mirror.status.pipe(
    Effect.repeat({ until: ({ state }) => state === "up", schedule: Schedule.spaced("5 millis") }),
    Effect.timeout("10 seconds")
  )
})

type Operation = (port: Availability["Service"], mirror: Mirror["Service"]) => Effect.Effect<unknown, unknown>

/** Reads give an answer to compare; changes are judged by what all reads answer afterwards. */
const reads: Record<string, (port: Availability["Service"]) => Effect.Effect<unknown, unknown>> = {
  "a ping": (port) => port.heartbeat(idOfMitra(1), now - 1_000),
  "a deactivated mitra's ping": (port) => port.heartbeat(idOfMitra(6), now),
  "an offline mitra's ping": (port) => port.heartbeat(idOfMitra(5), now),
  "candidates": (port) => port.candidates({ ...ruleNow(), ...fair, only: null }),
  "one candidate": (port) => port.candidates({ ...ruleNow(), ...fair, only: idOfMitra(2) }),
  "counts": (port) => port.counts(ruleNow()),
  "a last ping": (port) => port.lastHeartbeat(idOfMitra(1))
}

const ids = changed.map(({ id }) => id)
const changes: Record<string, Operation> = {
  "one mitra after the other": (port) => Effect.forEach(ids, (id) => port.changed([id])),
  "several of them at once": (port) => Effect.forEach(ids, (id) => port.changed([id]), { concurrency: 5 }),
  "all of them in one batch": (port) => port.changed(ids),
  "a reseed": (_, mirror) => Effect.ignore(mirror.reseed)
}

/** Runs `trial` with each of its calls going wrong in turn, until it has no further call. */
const eachCall = (
  trial: (call: string) => Effect.Effect<void, unknown, Availability | Mirror | Faults | Rows | RowsOnly>
) =>
  Effect.gen(function*() {
    const control = yield* Faults
    for (const fault of faults) {
      for (let call = 1, more = true; more; call++) {
        yield* control.arm(call, fault)
        yield* trial(`call ${call} ${fault}`)
        more = yield* control.fired
        yield* mirrorIsUp
        assert.isBelow(call, 400)
      }
    }
  })

const behaviour = (
  title: string,
  body: Effect.Effect<void, unknown, Availability | Mirror | Faults | Rows | RowsOnly | MitraRows>
) => it.live(title, () => Effect.provide(body, world))

describe("with every Valkey call going wrong once", () => {
  behaviour(
    "every question gets the answer of the rows",
    Effect.gen(function*() {
      yield* (yield* MitraRows).put(cast)
      const port = yield* Availability
      const rows = yield* Rows
      for (const [name, ask] of Object.entries(reads)) {
        const expected = yield* ask(rows)
        yield* eachCall((call) =>
          Effect.gen(function*() {
            assert.deepStrictEqual(yield* ask(port), expected, `${name}, ${call}`)
          })
        )
      }
    })
  )

  behaviour(
    "every change reaches the mirror in the end",
    Effect.gen(function*() {
      yield* (yield* MitraRows).put(cast)
      const port = yield* Availability
      const mirror = yield* Mirror
      const { put } = yield* RowsOnly
      let turn = 0
      for (const [name, change] of Object.entries(changes)) {
        yield* eachCall((call) =>
          Effect.gen(function*() {
            yield* put((turn += 1) % 2 === 0 ? cast : changed)
            yield* change(port, mirror)
            yield* mirrorIsUp
            assert.deepStrictEqual(yield* askAll(port), yield* askAll(yield* Rows), `${name}, ${call}`)
          })
        )
      }
      assert.deepInclude((yield* mirror.status).drift, { drifted: 0 })
    })
  )

  behaviour(
    "a write-back and a look at the status fail or tell the truth",
    Effect.gen(function*() {
      yield* (yield* MitraRows).put(cast)
      const mirror = yield* Mirror
      yield* eachCall(() =>
        Effect.gen(function*() {
          const written = yield* Effect.result(mirror.writeBackHeartbeats)
          if (written._tag === "Success") assert.deepStrictEqual(written.success, { read: 5, written: 0 })
        })
      )
      yield* eachCall(() =>
        Effect.gen(function*() {
          const { drift } = yield* mirror.status
          if (drift !== null) assert.deepStrictEqual(drift, { rows: 5, keys: 5, drifted: 0 })
        })
      )
    })
  )

  behaviour(
    "the search for silent mitras says who is silent or nothing, never somebody else",
    Effect.gen(function*() {
      yield* (yield* MitraRows).put(cast)
      const port = yield* Availability
      yield* eachCall(() =>
        Effect.gen(function*() {
          const found = yield* Effect.result(port.stale(now - 45_000, 10))
          if (found._tag === "Success") assert.deepStrictEqual(found.success, [idOfMitra(4)])
          else assert.strictEqual(found.failure.what, "valkey")
        })
      )
    })
  )
})
