// Mitras in Postgres: taking ownership of one mitra's row, and reading it with its slots and log.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import { offlineCauses } from "../domain/mitra.ts"
import { Mitras } from "../services/mitras.ts"
import { allOf, BigCount, firstOf, Millis } from "./postgres/columns.ts"
import { answered } from "./postgres/failure.ts"

const stateOf = firstOf(Schema.Struct({
  id: Schema.String,
  display_name: Schema.String,
  is_active: Schema.Boolean,
  is_online: Schema.Boolean,
  online_since: Schema.NullOr(Millis)
}))
const ownerOf = firstOf(Schema.Struct({ runner: Schema.NullOr(Schema.String), epoch: BigCount }))
const slotsOf = allOf(Schema.Struct({ slot: Schema.Int, session_id: Schema.String }))
const logOf = allOf(Schema.Struct({
  is_online: Schema.Boolean,
  cause: Schema.Literals(offlineCauses),
  at: Millis
}))

const find = (sql: SqlClient.SqlClient, mitraId: string) =>
  sql`SELECT mitras.id, display_name, is_active, is_online, online_since
    FROM mitras JOIN mitra_status ON mitra_status.mitra_id = mitras.id
    WHERE mitras.id = ${mitraId}`.pipe(Effect.flatMap(stateOf))

/**
 * The epoch first, the state in a later statement. An UPDATE that waited for the old owner's commit
 * returns its own row as it is now but joined rows as they were before, is_active among them. Once
 * the epoch is committed nobody older can write, so what is read then stays true.
 */
const claim = (sql: SqlClient.SqlClient) =>
  Effect.fnUntraced(function*(mitraId: string, runner: string) {
    const owner = yield* Effect.flatMap(
      sql`UPDATE mitra_status SET owner_epoch = owner_epoch + 1, owner_runner = ${runner}
        WHERE mitra_id = ${mitraId} RETURNING owner_runner AS runner, owner_epoch AS epoch`,
      ownerOf
    )
    const state = owner === null ? null : yield* find(sql, mitraId)
    return owner === null || state === null ? null : { epoch: owner.epoch, state }
  }, answered)

export const layer = Layer.effect(Mitras)(
  Effect.map(SqlClient.SqlClient, (sql) =>
    Mitras.of({
      claim: claim(sql),
      find: (mitraId) => answered(find(sql, mitraId)),
      ownerOf: (mitraId) =>
        sql`SELECT owner_runner AS runner, owner_epoch AS epoch FROM mitra_status
          WHERE mitra_id = ${mitraId}`.pipe(Effect.flatMap(ownerOf), answered),
      slotsOf: (mitraId) =>
        sql`SELECT slot, session_id FROM mitra_slots WHERE mitra_id = ${mitraId} ORDER BY slot`.pipe(
          Effect.flatMap(slotsOf),
          answered
        ),
      onlineLog: (mitraId, limit) =>
        sql`SELECT is_online, cause, at FROM mitra_online_logs WHERE mitra_id = ${mitraId}
          ORDER BY id DESC LIMIT ${limit}`.pipe(Effect.flatMap(logOf), answered)
    }))
)
