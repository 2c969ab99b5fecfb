// Which Valkey each runner sees, told by each in one statement that answers what the others see. A runner
// without one, or that does not reach its own, sees null.
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import { allOf, timestamp } from "../platform/postgres/columns.ts"
import { answered } from "../platform/postgres/failure.ts"

/** A runner that has told nothing for longer is not there. */
export const sightingFreshMs = 8_000
const forgottenAfterMs = 3_600_000

const decode = allOf(Schema.Struct({ valkey: Schema.NullOr(Schema.String) }))

export const makeValkeySightings = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  return {
    /** What this runner sees now; answers what each of the others does. */
    tell: (runner: string, valkey: string | null, at: number) =>
      sql`
        WITH own AS (
          INSERT INTO valkey_sightings (runner, valkey, seen_at)
          VALUES (${runner}::uuid, ${valkey}, ${timestamp(at)}::timestamptz)
          ON CONFLICT (runner) DO UPDATE SET valkey = EXCLUDED.valkey, seen_at = EXCLUDED.seen_at
        ), forgotten AS (
          DELETE FROM valkey_sightings WHERE seen_at < ${timestamp(at - forgottenAfterMs)}::timestamptz
            AND runner <> ${runner}::uuid
        )
        SELECT valkey FROM valkey_sightings
        WHERE runner <> ${runner}::uuid AND seen_at > ${timestamp(at - sightingFreshMs)}::timestamptz`.pipe(
        Effect.flatMap(decode),
        Effect.map((others) => others.map(({ valkey }) => valkey)),
        answered
      ),
    /** It stops. */
    forget: (runner: string) =>
      Effect.asVoid(answered(sql`DELETE FROM valkey_sightings WHERE runner = ${runner}::uuid`))
  }
})

export type ValkeySightings = Effect.Success<typeof makeValkeySightings>
