// How our values travel in Postgres columns: instants as epoch milliseconds on our side and
// TIMESTAMPTZ on the other, bigints as numbers, and rows that are decoded before they are used.
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import type { Side } from "../../../domain/session/state.ts"

/** A time as a statement parameter. Text keeps the millisecond exactly. */
export const timestamp = (ms: number): string => DateTime.formatIso(DateTime.makeUnsafe(ms))
export const timestampOrNull = (ms: number | null): string | null => ms === null ? null : timestamp(ms)

/** A timestamptz column, read as epoch milliseconds. */
export const Millis = Schema.Date.pipe(Schema.decodeTo(Schema.Int, {
  decode: SchemaGetter.transform((date: Date) => date.getTime()),
  encode: SchemaGetter.transform((ms: number) => DateTime.toDateUtc(DateTime.makeUnsafe(ms)))
}))

/** A bigint column (or a count) that stays far below 2^53, read as a number. */
export const BigCount = Schema.BigInt.pipe(Schema.decodeTo(Schema.Int, {
  decode: SchemaGetter.transform((value: bigint) => Number(value)),
  encode: SchemaGetter.transform((value: number) => BigInt(value))
}))

/** The column that says which one of a kind takes part, wherever both sides are named. */
export const idColumnOf = (side: Side): "customer_id" | "mitra_id" =>
  side === "customer" ? "customer_id" : "mitra_id"

/** Text that Postgres can hold: it knows neither NUL nor half of a surrogate pair. */
export const storable = (text: string): string => text.toWellFormed().replaceAll("\u0000", "\uFFFD")

/** A row we cannot read is our mistake, not the caller's: it dies. */
export const allOf = <S extends Schema.ConstraintDecoder<unknown>>(schema: S) => {
  const decode = Schema.decodeUnknownEffect(Schema.Array(schema))
  return (rows: unknown): Effect.Effect<ReadonlyArray<S["Type"]>> => Effect.orDie(decode(rows))
}

/** The first row, or null if there is none. */
export const firstOf = <S extends Schema.ConstraintDecoder<unknown>>(schema: S) => {
  const decode = Schema.decodeUnknownEffect(schema)
  return (rows: ReadonlyArray<unknown>): Effect.Effect<S["Type"] | null> =>
    rows.length === 0 ? Effect.succeed(null) : Effect.orDie(decode(rows[0]))
}
