// The audit log's chain, checked: each entry's hash covers its content and the hash before it, so an entry
// that was changed, taken out or slipped in breaks it. Read page by page and hashed here, not by functions of
// the database, which whoever rewrote the log could have rewritten too.
import { createHash } from "node:crypto"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import { allOf, BigCount, firstOf } from "../platform/postgres/columns.ts"

const pageRows = 1000

const linksOf = allOf(Schema.Struct({
  seq: BigCount,
  entry_id: Schema.String,
  hash: Schema.String,
  content: Schema.NullOr(Schema.String)
}))
const unchainedOf = firstOf(Schema.Struct({ entries: Schema.Int }))

export interface ChainHead {
  readonly seq: number
  readonly hash: string
}

export interface ChainReport {
  readonly head: ChainHead
  /** The first link that does not hold, in words; null: all do. */
  readonly broken: string | null
}

const page = (sql: SqlClient.SqlClient, after: number) =>
  sql`SELECT c.seq, c.entry_id, c.hash, CASE WHEN l.id IS NULL THEN NULL ELSE
      jsonb_build_array(l.id, l.staff_id, l.action, l.target_type, l.target_id, l.before, l.after, l.peer,
        (extract(epoch FROM l.at) * 1000000)::bigint)::text END AS content
    FROM audit_chain c LEFT JOIN audit_log l ON l.id = c.entry_id
    WHERE c.seq > ${after} ORDER BY c.seq LIMIT ${pageRows}`.pipe(Effect.flatMap(linksOf))

const unchained = (sql: SqlClient.SqlClient) =>
  sql`SELECT count(*)::int AS entries FROM audit_log l
    WHERE NOT EXISTS (SELECT 1 FROM audit_chain c WHERE c.entry_id = l.id)`.pipe(
    Effect.flatMap(unchainedOf),
    Effect.map((row) => row?.entries ?? 0)
  )

const problemOf = (
  link: { readonly seq: number; readonly entry_id: string; readonly content: string | null },
  next: number,
  hashes: boolean
): string | null => {
  if (link.seq !== next) return `link ${next} is missing`
  if (link.content === null) return `entry ${link.entry_id} of link ${link.seq} is gone`
  return hashes ? null : `entry ${link.entry_id} of link ${link.seq} is not what was written`
}

/** `expected`: a head that was noted earlier. A chain whose end was cut off, or made anew, is known by it. */
export const verifyAuditChain = Effect.fnUntraced(function*(expected: ChainHead | null) {
  const sql = yield* SqlClient.SqlClient
  let head: ChainHead = { seq: 0, hash: "" }
  for (;;) {
    const links = yield* page(sql, head.seq)
    for (const link of links) {
      const hash = createHash("sha256").update(head.hash + (link.content ?? "")).digest("hex")
      const broken = problemOf(link, head.seq + 1, hash === link.hash)
      if (broken !== null) return { head, broken } satisfies ChainReport
      head = { seq: link.seq, hash }
      if (expected?.seq === head.seq && expected.hash !== head.hash) {
        const broken = `link ${head.seq} has another hash than it had: the chain was made anew`
        return { head, broken } satisfies ChainReport
      }
    }
    if (links.length < pageRows) break
  }
  if (expected !== null && expected.seq > head.seq) {
    const broken = `the chain ends at ${head.seq}: it was at ${expected.seq} already`
    return { head, broken } satisfies ChainReport
  }
  const loose = yield* unchained(sql)
  const broken = loose === 0 ? null : `${loose} entries are in no chain`
  return { head, broken } satisfies ChainReport
})
