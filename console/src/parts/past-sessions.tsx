// Chats that are over: of one customer, of one mitra, or of everybody; newest first.
import type { SessionView } from "../../../src/contract/views.ts"
import { call } from "../connection/sign-in.ts"
import { lengthOf } from "../format.ts"
import { useText } from "../text/catalogue.ts"
import { Card, Empty, Failed, Waiting } from "./page.tsx"
import { More, usePages } from "./pages.tsx"
import { MitraLink, ShortId } from "./person.tsx"
import { type Column, Rows } from "./rows.tsx"
import { Status } from "./status.tsx"
import { Instant } from "./time.tsx"
import { useWords } from "./words.ts"

export const PastSessions = ({ customerId, label, title }: {
  customerId: string | null
  label: string
  /** None where the page says it already. */
  title?: string
}) => {
  const text = useText()
  const words = useWords()
  const { items, more, next, problem } = usePages(customerId ?? "all", async (before) => {
    const asked = { customer_id: customerId, mitra_id: null, before, after: null, limit: 50 }
    const page = await call("admin.past_sessions", asked)
    return { items: page.sessions, next: page.next }
  })
  const columns: ReadonlyArray<Column<SessionView>> = [
    { head: text.column.ended, cell: (row) => <Instant at={row.ended_at} isDayShown />, width: 190 },
    { head: text.column.state, cell: (row) => <Status of={row.status} /> },
    { head: text.column.customer, cell: (row) => row.customer_name },
    { head: text.column.mitra, cell: (row) => <MitraLink id={row.mitra_id} name={row.mitra_name} /> },
    { head: text.column.minutes, cell: (row) => lengthOf(row.duration_seconds * 1000) },
    { head: text.column.cause, cell: (row) => row.end_reason === null ? "–" : words(row.end_reason) },
    { head: text.column.session, cell: (row) => <ShortId id={row.session_id} /> }
  ]
  return (
    <Card pad={false} {...(title === undefined ? {} : { title })}>
      <Failed problem={problem} />
      {items === null
        ? <Waiting />
        : items.length === 0
        ? <Empty>{text.nothing}</Empty>
        : (
          <Rows
            label={label}
            columns={columns}
            rows={items}
            keyOf={(row) => row.session_id}
            linkOf={(row) => ["sessions", row.session_id]}
            height={560}
          />
        )}
      <More next={next} more={more} />
    </Card>
  )
}
