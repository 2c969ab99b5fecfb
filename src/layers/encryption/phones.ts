// Phones in the tables that hold one: the columns a phone is written to, the condition that finds its row
// whichever key it was sealed with (or none), and the phone read back.
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as SqlClient from "effect/sql/SqlClient"
import type { Fragment } from "effect/sql/Statement"
import { isPhone } from "../../domain/phone.ts"
import type { Cipher } from "../../services/encryption/cipher.ts"
import { type PhoneTable, phoneAssociatedData } from "./associated-data.ts"

type Ciphers = Cipher["Service"]

/** The columns to select, as `openPhone` reads them. */
export const phoneColumns = "phone, phone_sealed"

export const phoneFields = {
  phone: Schema.NullOr(Schema.String),
  phone_sealed: Schema.NullOr(Schema.String)
}

export interface PhoneColumns {
  readonly phone: string | null
  readonly phone_sealed: string | null
  readonly phone_mark: string | null
}

/** True for rows with this phone. Under every key, because a rotation takes its time. */
export const hasPhone = (
  sql: SqlClient.SqlClient,
  cipher: Ciphers,
  table: PhoneTable,
  phone: string
): Fragment => {
  const { known } = cipher.blindIndexesOf(table, phone)
  return known.length === 0
    ? sql`phone = ${phone}`
    : sql`(phone = ${phone} OR phone_mark = ANY(${known}::text[]))`
}

/** What row `id` stores of this phone. Anything but a phone dies, as the plain column would refuse it. */
export const keptPhone = Effect.fnUntraced(function*(
  cipher: Ciphers,
  table: PhoneTable,
  id: string,
  phone: string
) {
  if (!isPhone(phone)) return yield* Effect.die(new Error(`${table}: this is no phone`))
  const seal = yield* cipher.sealer(1)
  const { plain, sealed } = seal(phone, phoneAssociatedData(table, id))
  const columns: PhoneColumns = {
    phone: plain,
    phone_sealed: sealed,
    phone_mark: sealed === null ? null : cipher.blindIndexesOf(table, phone).written
  }
  return columns
})

/** The phone of row `id`, or null where there is none. */
export const openPhone = (
  cipher: Ciphers,
  table: PhoneTable,
  { id, phone, phone_sealed }: {
    readonly id: string
    readonly phone: string | null
    readonly phone_sealed: string | null
  }
) => phone_sealed === null ? Effect.succeed(phone) : cipher.open(phone_sealed, phoneAssociatedData(table, id))
