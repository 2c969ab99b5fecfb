// Availability over a real Valkey, for the conformance suite: rows are put, the mirror is reseeded, and the
// clock runs in the time of the suite's questions, so that the mirror has been up for long enough.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as References from "effect/References"
import { SecureRandom } from "effect/crypto"
import * as SqlClient from "effect/sql/SqlClient"
import { layerMirrored } from "../../src/layers/availability/availability.ts"
import * as Valkey from "../../src/layers/platform/valkey/connection.ts"
import { Mirror } from "../../src/services/availability/mirror.ts"
import { freshValkey } from "../support/valkey.ts"
import { inPostgres, MitraRows } from "../../testkit/conformance/mitra-rows.ts"

/** The real clock, moved: timers are real, only the reading differs. */
export const clockAt = (start: number) =>
  Layer.effect(Clock.Clock)(
    Effect.map(Clock.Clock, (real) => {
      const shift = start - real.currentTimeMillisUnsafe()
      const now = () => real.currentTimeMillisUnsafe() + shift
      return Object.assign(Object.create(real), {
        currentTimeMillisUnsafe: now,
        currentTimeMillis: Effect.sync(now)
      }) as Clock.Clock
    })
  )

/** A reseed and a loss are worth a line in production, and thousands of lines in a test. */
export const quiet = Layer.succeed(References.MinimumLogLevel)("Error")

/** Patient: a busy machine must not look like a dead Valkey in tests that are about something else. */
export const patient = { answer_within_ms: 5_000, batch_within_ms: 20_000 }

export const mirroredAt = (
  url: string,
  timings: Partial<Valkey.ValkeyTimings> = patient,
  write_back_seconds = 60
) =>
  layerMirrored({ write_back_seconds }).pipe(
    Layer.provideMerge(Valkey.layer({ url: Redacted.make(url), timings })),
    Layer.provide(SecureRandom.layerWebCrypto)
  )

/** MitraRows whose rows are in the mirror when `put` returns. */
export const inMirror = Layer.effect(MitraRows)(
  Effect.gen(function*() {
    const rows = yield* MitraRows
    const mirror = yield* Mirror
    const sql = yield* SqlClient.SqlClient
    return MitraRows.of({
      put: (mitras) =>
        Effect.andThen(rows.put(mitras), Effect.orDie(mirror.reseed)).pipe(
          Effect.provideService(SqlClient.SqlClient, sql)
        )
    })
  })
).pipe(Layer.provide(inPostgres))

export const freshMirrored = Layer.unwrap(Effect.map(freshValkey, ({ url }) => mirroredAt(url)))
