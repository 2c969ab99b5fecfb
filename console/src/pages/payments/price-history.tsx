// Every change of a price, newest first: who, when, before and after.
import { Text } from "@mantine/core"
import type { AnswerOf } from "../../connection/line.ts"
import { useCall } from "../../connection/use-call.ts"
import { Changes } from "../../parts/changes.tsx"
import { Card, Empty, Failed, Waiting } from "../../parts/page.tsx"
import { type Column, Rows } from "../../parts/rows.tsx"
import { StaffName } from "../../parts/staff-name.tsx"
import { Instant } from "../../parts/time.tsx"
import { useText } from "../../text/catalogue.ts"

type Change = AnswerOf<"admin.pricing_history">["changes"][number]

export const PriceHistory = () => {
  const text = useText()
  const { data, problem } = useCall("admin.pricing_history", { before: null, limit: 100 })
  const columns: ReadonlyArray<Column<Change>> = [
    { head: text.column.at, cell: (row) => <Instant at={row.at} isDayShown />, width: 190 },
    { head: text.column.target, cell: (row) => row.subject_id },
    { head: text.column.version, cell: (row) => row.version, isRight: true },
    { head: text.column.who, cell: (row) => <StaffName id={row.staff_id} /> },
    {
      head: text.column.what,
      cell: (row) => (
        <Text size="xs" component="div">
          <Changes before={row.before} after={row.after} />
        </Text>
      )
    }
  ]
  if (data === null) return problem === null ? <Waiting /> : <Failed problem={problem} />
  return (
    <Card pad={false}>
      {data.changes.length === 0
        ? <Empty>{text.nothing}</Empty>
        : (
          <Rows
            label={text.payment.history}
            columns={columns}
            rows={data.changes}
            keyOf={(row) => String(row.id)}
          />
        )}
    </Card>
  )
}
