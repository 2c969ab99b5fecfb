// The record of the keys that sealed something, and the check at every start: each of them must be here, and
// be the same key it was. A server records its own key before it seals with it.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import { Cipher } from "../../services/encryption/cipher.ts"
import { allOf, timestamp } from "../platform/postgres/columns.ts"
import { keyProofAssociatedData } from "./associated-data.ts"

/** The server must not start when it could not open stored texts, or would seal what others cannot open. */
export class KeysDoNotFit extends Schema.TaggedError<KeysDoNotFit>()("KeysDoNotFit", {
  message: Schema.String
}) {}

const recordsOf = allOf(Schema.Struct({ id: Schema.String, proof: Schema.String }))
const proofText = "halobestie"

const record = Effect.fnUntraced(function*(id: string) {
  const sql = yield* SqlClient.SqlClient
  const cipher = yield* Cipher
  const { sealed } = (yield* cipher.sealer(1))(proofText, keyProofAssociatedData(id))
  yield* sql`INSERT INTO encryption_keys (id, proof, first_used_at)
    VALUES (${id}, ${sealed}, ${timestamp(yield* Clock.currentTimeMillis)}) ON CONFLICT (id) DO NOTHING`
})

const missingKeys = (ids: ReadonlyArray<string>) =>
  new KeysDoNotFit({
    message: `The database holds texts sealed with ${ids.join(", ")}, which MESSAGE_ENCRYPTION_KEYS lacks. ` +
      "Add what is missing; after `npm run rewrap` it may go."
  })

const changedKeys = (ids: ReadonlyArray<string>) =>
  new KeysDoNotFit({
    message: "MESSAGE_ENCRYPTION_KEYS has another key than the one that sealed the database's texts as " +
      `${ids.join(", ")}. Put the right one there; a new key needs a new name.`
  })

const compare = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const cipher = yield* Cipher
  const known = yield* Effect.flatMap(sql`SELECT id, proof FROM encryption_keys ORDER BY id`, recordsOf)
  const missing = known.filter(({ id }) => !cipher.key_ids.includes(id)).map(({ id }) => id)
  if (missing.length > 0) return yield* missingKeys(missing)
  const changed: Array<string> = []
  for (const { id, proof } of known) {
    if (!(yield* Effect.isSuccess(cipher.open(proof, keyProofAssociatedData(id))))) changed.push(id)
  }
  if (changed.length > 0) return yield* changedKeys(changed)
})

/**
 * Before anything is read or written. The sealing key is recorded when all others fit, and then compared
 * itself: two first starts at once may have two keys of one name.
 */
export const checkKeys = Effect.gen(function*() {
  yield* compare
  const { seals_with } = yield* Cipher
  if (seals_with === null) return
  yield* record(seals_with)
  yield* compare
})

/** Forgets keys that seal nothing any more. The sealing one is never forgotten. */
export const forgetKeys = Effect.fnUntraced(function*(ids: ReadonlyArray<string>) {
  const sql = yield* SqlClient.SqlClient
  const { seals_with } = yield* Cipher
  for (const id of ids.filter((id) => id !== seals_with)) {
    yield* sql`DELETE FROM encryption_keys WHERE id = ${id}`
  }
})

export const recordedKeys = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const known = yield* Effect.flatMap(sql`SELECT id, proof FROM encryption_keys ORDER BY id`, recordsOf)
  return known.map(({ id }) => id)
})
