// Entries of the audit log, by page: who did what to what, when, from where, and what it changed.
import type { AnswerOf } from "../connection/line.ts"
import { call } from "../connection/sign-in.ts"
import { useText } from "../text/catalogue.ts"
import { Changes } from "./changes.tsx"
import { Empty, Failed, Waiting } from "./page.tsx"
import { More, usePages } from "./pages.tsx"
import { type Column, Rows } from "./rows.tsx"
import { StaffName } from "./staff-name.tsx"
import { Instant } from "./time.tsx"

type Entry = AnswerOf<"admin.audit_search">["entries"][number]

export interface AuditFilter {
  readonly action: string | null
  readonly target_type: string | null
  readonly target_id: string | null
  readonly staff_id: string | null
}

const limit = 50

/** An id as everywhere; a setting's key and the like whole. */
const shortOf = (target: string): string => /^[0-9a-f-]{36}$/.test(target) ? target.slice(-8) : target

export const AuditRows = ({ filter, height = 640 }: { filter: AuditFilter; height?: number }) => {
  const text = useText()
  const { items, more, next, problem } = usePages(JSON.stringify(filter), async (before) => {
    const { entries } = await call("admin.audit_search", { ...filter, before, limit })
    return { items: entries, next: entries.length < limit ? null : entries.at(-1)?.id ?? null }
  })
  const columns: ReadonlyArray<Column<Entry>> = [
    { head: text.column.at, cell: (row) => <Instant at={row.at} isDayShown />, width: 190 },
    { head: text.column.who, cell: (row) => <StaffName id={row.staff_id} /> },
    { head: text.column.what, cell: (row) => row.action },
    {
      head: text.column.target,
      cell: (row) => <span title={row.target_id}>{shortOf(row.target_id)}</span>
    },
    { head: text.column.after, cell: (row) => <Changes before={row.before} after={row.after} /> },
    { head: text.column.from, cell: (row) => row.peer, width: 110 }
  ]
  return (
    <>
      <Failed problem={problem} />
      {items === null
        ? <Waiting />
        : items.length === 0
        ? <Empty>{text.nothing}</Empty>
        : (
          <Rows
            label={text.nav.audit}
            columns={columns}
            rows={items}
            keyOf={(row) => row.id}
            height={height}
          />
        )}
      <More next={next} more={more} />
    </>
  )
}
