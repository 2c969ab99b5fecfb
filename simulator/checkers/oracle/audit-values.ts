// Audit values: what an entry of the audit log says of before and after is what the row said before and after
// the statement that wrote the entry.
import type { AuditEntry } from "../../../src/domain/audit.ts"
import type { Change } from "../rows.ts"
import type { MakeRule } from "../rule.ts"

type Row = Readonly<Record<string, unknown>>
type Values = Readonly<Record<string, unknown>>

/** Only a part of a phone is written down for ever. */
const masked = new Set(["phone"])

const isValues = (value: unknown): value is Values =>
  typeof value === "object" && value !== null && !Array.isArray(value)

export const auditValues: MakeRule = (context, complain) => {
  const { tables } = context
  let entries: Array<AuditEntry> = []
  /** Of the present statement: each row as it was before it. */
  const before = new Map<string, Row>()

  const noted = (table: string) => ({ before: was, key }: Change<object>) => {
    if (was !== undefined) before.set(`${table}/${key}`, was as Row)
  }

  /** Columns of different tables that an entry of this kind speaks of; not where a name means two things. */
  const rowsOf: Readonly<Record<string, ReadonlyArray<readonly [string, ReadonlyMap<string, object>]>>> = {
    mitra: [["mitras", tables.mitras], ["mitra_status", tables.mitra_status]],
    session: [["chat_sessions", tables.chat_sessions]],
    payment: [["payment_requests", tables.payment_requests]],
    staff: [["staff", tables.staff]],
    tier: [["pricing_tiers", tables.pricing_tiers]]
  }

  const flawOf = ({ action, after, before: was, target_id, target_type }: AuditEntry): string | null => {
    if (action === "setting.write") {
      const value = tables.settings.get(target_id)?.value
      return JSON.stringify(value) === JSON.stringify(after) ? null : `after ${after}; it is ${value}`
    }
    for (const [name, table] of rowsOf[target_type] ?? []) {
      const row = table.get(target_id) as Row | undefined
      if (row === undefined) continue
      const old = before.get(`${name}/${target_id}`) ?? row
      for (const [when, said, is] of [["before", was, old], ["after", after, row]] as const) {
        if (!isValues(said)) continue
        const wrong = Object.keys(said).find((column) =>
          column in is && !masked.has(column) && JSON.stringify(said[column]) !== JSON.stringify(is[column])
        )
        if (wrong !== undefined) {
          return `${wrong} ${when} ${JSON.stringify(said[wrong])}; it was ${JSON.stringify(is[wrong])}`
        }
      }
    }
    return null
  }

  const watched = [...new Set(Object.values(rowsOf).flat().map(([name]) => name))]
  return {
    rows: {
      ...Object.fromEntries(watched.map((name) => [name, noted(name)])),
      audit_log: ({ after, before: was }) => {
        if (after !== undefined && was === undefined) entries.push(after)
      }
    },
    statement: () => {
      const written = entries
      entries = []
      for (const entry of written) {
        const flaw = flawOf(entry)
        if (flaw !== null) complain(`the audit log says of ${entry.action}: ${flaw}`)
      }
      before.clear()
    }
  }
}
