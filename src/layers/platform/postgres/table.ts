// A table described once: its columns with their codecs and who writes them. Column lists of INSERT, SET,
// recordset and SELECT come from the description, and so does the type of a row.
import * as Schema from "effect/Schema"
import { BigCount, Millis, timestamp } from "./columns.ts"

/** once: by the INSERT. always: by the INSERT and each later write. elsewhere: by statements of their own. */
export type Written = "once" | "always" | "elsewhere"

interface Kind<S extends Schema.ConstraintDecoder<unknown>> {
  /** As Postgres names it. */
  readonly type: string
  /** As the driver gives it. */
  readonly codec: S
  /** As it is inside JSON that Postgres made. */
  readonly folded: Schema.ConstraintDecoder<S["Type"]>
  /** Its type in the document that carries rows to Postgres, where that is another one. */
  readonly travels: string
  /** Into that document; null: as it is. */
  readonly encode: ((value: never) => unknown) | null
}

export interface Column<S extends Schema.ConstraintDecoder<unknown>, W extends Written> extends Kind<S> {
  readonly written: W
}

const kind = <S extends Schema.ConstraintDecoder<unknown>>(
  type: string,
  codec: S,
  other: Partial<Pick<Kind<S>, "folded" | "travels" | "encode">> = {}
): Kind<S> => ({ type, codec, folded: codec as never, travels: type, encode: null, ...other })

export const uuid = kind("uuid", Schema.String)
export const text = kind("text", Schema.String)
export const integer = kind("integer", Schema.Int)
export const boolean = kind("boolean", Schema.Boolean)
export const bigint = kind("bigint", BigCount, { folded: Schema.Int })
/** Epoch milliseconds on our side. */
export const instant = kind("timestamptz", Millis, { folded: Schema.Int, encode: timestamp })
export const oneOf = <const L extends ReadonlyArray<string>>(values: L) =>
  kind("text", Schema.Literals(values))
export const json = <S extends Schema.ConstraintDecoder<unknown>>(codec: S) => kind("jsonb", codec)
/** Any JSON travels as text: inside the document a JSON null would arrive as SQL's NULL. */
export const anyJson = kind("jsonb", Schema.Unknown as Schema.ConstraintDecoder<Schema.Json>, {
  travels: "text",
  encode: JSON.stringify
})

export const orNull = <S extends Schema.ConstraintDecoder<unknown>>(
  { encode, folded, ...of }: Kind<S>
): Kind<Schema.NullOr<S>> => ({
  ...of,
  codec: Schema.NullOr(of.codec),
  folded: Schema.NullOr(folded),
  encode: encode === null ? null : (value: unknown) => value === null ? null : encode(value as never)
})

type Writing<W extends Written> = <S extends Schema.ConstraintDecoder<unknown>>(of: Kind<S>) => Column<S, W>

export const once: Writing<"once"> = (of) => ({ ...of, written: "once" })
export const always: Writing<"always"> = (of) => ({ ...of, written: "always" })
export const elsewhere: Writing<"elsewhere"> = (of) => ({ ...of, written: "elsewhere" })

type Columns = Readonly<Record<string, Column<Schema.ConstraintDecoder<any>, Written>>>

export interface Table<C extends Columns> {
  readonly name: string
  /** The primary key. */
  readonly key: ReadonlyArray<keyof C & string>
  readonly columns: C
}

export const table = <C extends Columns>(
  name: string,
  key: ReadonlyArray<keyof C & string>,
  columns: C
): Table<C> => ({ name, key, columns })

/** A whole row, instants as epoch milliseconds. */
export type RowOf<T> = T extends Table<infer C> ? { readonly [K in keyof C]: C[K]["codec"]["Type"] } : never

/** What the INSERT writes. */
export type InsertOf<T> = T extends Table<infer C>
  ? { readonly [K in keyof C as C[K]["written"] extends "elsewhere" ? never : K]: C[K]["codec"]["Type"] }
  : never

type Codecs<C extends Columns, K extends keyof C> = { readonly [N in K]: C[N]["codec"] }
type Folded<C extends Columns, K extends keyof C> = {
  readonly [N in K]: Schema.ConstraintDecoder<C[N]["codec"]["Type"]>
}

/** The names of all columns but these. */
export const namesOf = <C extends Columns, const Without extends keyof C & string = never>(
  { columns }: Table<C>,
  without: ReadonlyArray<Without> = []
): ReadonlyArray<Exclude<keyof C & string, Without>> =>
  Object.keys(columns).filter((name) => !without.includes(name as Without)) as never

const pick = (
  { columns }: Table<Columns>,
  names: ReadonlyArray<string>,
  part: "codec" | "folded"
) => Object.fromEntries(names.map((name) => [name, columns[name]?.[part]]))

/** Fields for the Struct of a SELECT of these columns. */
export const fieldsOf = <C extends Columns, K extends keyof C & string>(
  of: Table<C>,
  names: ReadonlyArray<K>
): Codecs<C, K> => pick(of as never, names, "codec") as never

/** Fields for the Struct of these columns inside `folded` JSON. */
export const foldedFieldsOf = <C extends Columns, K extends keyof C & string>(
  of: Table<C>,
  names: ReadonlyArray<K>
): Folded<C, K> => pick(of as never, names, "folded") as never

/** `alias.a, alias.b` */
export const selected = (names: ReadonlyArray<string>, alias: string): string =>
  names.map((name) => `${alias}.${name}`).join(", ")

/** The arguments of a json_build_object that has these columns; instants are epoch milliseconds. */
export const folded = <C extends Columns>(
  { columns }: Table<C>,
  names: ReadonlyArray<keyof C & string>,
  alias: string
): string =>
  names.map((name) => {
    const value = `${alias}.${name}`
    const isInstant = columns[name]?.type === "timestamptz"
    return `'${name}', ${isInstant ? `(extract(epoch FROM ${value}) * 1000)::bigint` : value}`
  }).join(", ")

const writtenNames = ({ columns }: Table<Columns>, ...written: ReadonlyArray<Written>) =>
  Object.keys(columns).filter((name) => written.includes(columns[name]!.written))

const recordset = ({ columns }: Table<Columns>, names: ReadonlyArray<string>): string =>
  `json_to_recordset($1::json) AS r(${names.map((name) => `${name} ${columns[name]!.travels}`).join(", ")})`

const valuesOf = ({ columns }: Table<Columns>, names: ReadonlyArray<string>): string =>
  names.map((name) => {
    const { travels, type } = columns[name]!
    return travels === type ? `r.${name}` : `r.${name}::${type}`
  }).join(", ")

type Encode = (value: unknown) => unknown

/**
 * One object literal per table, made once: a copy that looks every column up by name, for each row, is slow
 * where rows are wide. Names are those of our own descriptions.
 */
const rowEncoder = (
  names: ReadonlyArray<string>,
  encoders: ReadonlyArray<Encode | null>
): (row: object) => object => {
  const fields = names.map((name, index) =>
    encoders[index] === null ? `${name}: row.${name}` : `${name}: encoders[${index}](row.${name})`
  )
  return new Function("encoders", `return (row) => ({ ${fields.join(", ")} })`)(encoders)
}

const documentOf = <Row extends object>(
  { columns }: Table<Columns>,
  names: ReadonlyArray<string>
) => {
  const encoders = names.map((name) => columns[name]!.encode as Encode | null)
  const encode = rowEncoder(names, encoders)
  return (rows: ReadonlyArray<Row>): string => JSON.stringify(rows.map(encode))
}

/** A statement with one parameter: the rows as one JSON document. */
export interface RowsStatement<Row> {
  readonly text: string
  readonly document: (rows: ReadonlyArray<Row>) => string
}

interface Also<Name extends string> {
  readonly as?: string
  /** Columns that come with no row: to each its expression. */
  readonly beside?: { readonly [_ in Name]?: string }
  readonly from?: string
  readonly end?: string
}

/** INSERT of rows; `also` ends it (ON CONFLICT, FROM and so on read the rows as `r`). */
export const insertRows = <C extends Columns>(
  of: Table<C>,
  also: Also<keyof C & string> = {}
): RowsStatement<InsertOf<Table<C>>> => {
  const plain = of as unknown as Table<Columns>
  const names = writtenNames(plain, "once", "always")
  const { as = of.name, beside = {}, end = "", from = "" } = also
  const columns = [...names, ...Object.keys(beside)]
  const values = [valuesOf(plain, names), ...Object.values(beside)]
  return {
    text: `INSERT INTO ${of.name} AS ${as} (${columns.join(", ")})
      SELECT ${values.join(", ")} FROM ${recordset(plain, names)} ${from} ${end}`,
    document: documentOf(plain, names)
  }
}

/** INSERT of rows that are new; of those that are there, the columns that are always written. */
export const upsertRows = <C extends Columns>(of: Table<C>): RowsStatement<InsertOf<Table<C>>> => {
  const changed = writtenNames(of as never, "always").map((name) => `${name} = excluded.${name}`)
  return insertRows(of, {
    end: `ON CONFLICT (${of.key.join(", ")}) DO UPDATE SET ${changed.join(", ")}`
  })
}

/** UPDATE of rows by their keys: all columns that are always written. */
export const updateRows = <C extends Columns>(of: Table<C>): RowsStatement<InsertOf<Table<C>>> => {
  const plain = of as unknown as Table<Columns>
  const changed = writtenNames(plain, "always")
  const names = [...of.key, ...changed]
  return {
    text: `UPDATE ${of.name} t SET ${changed.map((name) => `${name} = r.${name}`).join(", ")}
      FROM ${recordset(plain, names)} WHERE ${of.key.map((name) => `t.${name} = r.${name}`).join(" AND ")}`,
    document: documentOf(plain, names)
  }
}
