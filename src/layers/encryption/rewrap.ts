// Re-wrapping: every text that is not under the first key is opened and sealed with it, in small batches that
// servers at work do not notice. Stopped anywhere it has lost nothing, and the next run goes on from there.
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import { Cipher, type Seal } from "../../services/encryption/cipher.ts"
import { violated } from "../platform/postgres/failure.ts"
import { forgetKeys, recordedKeys } from "./key-record.ts"
import { type SealedColumn, sealedColumns } from "./sealed-columns.ts"
import {
  countTexts,
  exchange,
  type Exchange,
  type FoundText,
  type Key,
  pageOf,
  plainTexts
} from "./sealed-pages.ts"

type Sql = SqlClient.SqlClient
type Ciphers = Cipher["Service"]
type Progress = (line: string) => Effect.Effect<void>

const batchTexts = 200
/** Rows that were held, or written meanwhile, are found by the next pass. */
const passes = 3
const progressEvery = 10_000

/** Texts by column, then by the key they are under; `plain` for those under none. */
export type TextCounts = ReadonlyMap<string, ReadonlyMap<string, number>>

export const countAll = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const counts = new Map<string, ReadonlyMap<string, number>>()
  for (const column of sealedColumns) counts.set(column.name, yield* countTexts(sql, column))
  return counts as TextCounts
})

/** Null for one that cannot be opened: it stays, and is counted with what remains. */
const sealedAnew = (cipher: Ciphers, column: SealedColumn, seal: Seal, found: FoundText) => {
  const associatedData = column.associatedData(found.key)
  const text = found.sealed === null
    ? Effect.succeed(found.plain ?? "")
    : cipher.open(found.sealed, associatedData)
  return text.pipe(
    Effect.map((text): Exchange => ({
      key: found.key,
      old_plain: found.plain,
      old_sealed: found.sealed,
      ...seal(text, associatedData),
      blind_index: column.indexed === null ? null : cipher.blindIndexesOf(column.indexed, text).written
    })),
    Effect.catch(() => Effect.succeed(null))
  )
}

/** One by one where the batch breaks a rule (two accounts with one phone, say), so that only those stay. */
const write = (
  sql: Sql,
  column: SealedColumn,
  texts: ReadonlyArray<Exchange>
): Effect.Effect<number, SqlError> =>
  texts.length === 0 ? Effect.succeed(0) : Effect.catchIf(
    exchange(sql, column, texts),
    (error) => violated(error) !== null,
    (error) =>
      texts.length > 1
        ? Effect.map(
          Effect.forEach(texts, (text) => write(sql, column, [text])),
          (counts) => counts.reduce((sum, count) => sum + count, 0)
        )
        : Effect.logError("a text stays as it is").pipe(
          Effect.annotateLogs({ column: column.name, key: texts[0]?.key.join("/"), why: violated(error) }),
          Effect.as(0)
        )
  )

const rewrapColumn = Effect.fnUntraced(function*(column: SealedColumn, progress: Progress) {
  const sql = yield* SqlClient.SqlClient
  const cipher = yield* Cipher
  let written = 0
  let told = 0
  for (let pass = 1; pass <= passes; pass++) {
    let left = 0
    let after: Key | null = null
    do {
      const page: ReadonlyArray<FoundText> = yield* pageOf(sql, column, cipher.seals_with, after, batchTexts)
      const due = page.filter(({ is_due }) => is_due)
      const seal = yield* cipher.sealer(due.length)
      const opened = yield* Effect.forEach(due, (found) => sealedAnew(cipher, column, seal, found))
      const texts = opened.filter((text) => text !== null)
      const done = yield* write(sql, column, texts)
      written += done
      left += texts.length - done
      after = page.at(-1)?.key ?? null
      if (written - told >= progressEvery) {
        told = written
        yield* progress(`${column.name}: ${written} so far`)
      }
    } while (after !== null)
    if (left === 0) break
  }
  yield* progress(`${column.name}: ${written} done`)
  return written
})

const total = (counts: TextCounts, isMeant: (keyId: string) => boolean): number =>
  [...counts.values()].flatMap((byKey) => [...byKey])
    .reduce((sum, [keyId, count]) => sum + (isMeant(keyId) ? count : 0), 0)

export interface Rewrapped {
  readonly written: number
  /** Texts that are still under another key, or under none. */
  readonly remaining: number
  readonly counts: TextCounts
}

/** To the first key; or, where `plain` comes first, out of every key. */
export const rewrap = Effect.fnUntraced(function*(progress: Progress) {
  const { seals_with } = yield* Cipher
  let written = 0
  for (const column of sealedColumns) written += yield* rewrapColumn(column, progress)
  const counts = yield* countAll
  const recorded = yield* recordedKeys
  yield* forgetKeys(recorded.filter((id) => total(counts, (keyId) => keyId === id) === 0))
  const result: Rewrapped = {
    written,
    remaining: total(counts, (keyId) => keyId !== (seals_with ?? plainTexts)),
    counts
  }
  return result
})
