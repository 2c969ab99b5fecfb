// Payments as lines: what was asked, what came of it, and what may be done where somebody gives that.
import { Badge, Text } from "@mantine/core"
import type { ReactNode } from "react"
import type { ReviewedPaymentView } from "../../../src/contract/staff/payments.ts"
import { money } from "../format.ts"
import { useText } from "../text/catalogue.ts"
import { CustomerLink, SessionLink } from "./person.tsx"
import { type Column, Rows } from "./rows.tsx"
import { Status } from "./status.tsx"
import { Instant } from "./time.tsx"
import { useWords } from "./words.ts"

const Cause = ({ payment: { anomaly, failure_cause, resolution } }: { payment: ReviewedPaymentView }) => {
  const words = useWords()
  return (
    <>
      {failure_cause === null ? null : words(failure_cause)}
      {anomaly === null ?
        null :
        (
          <Badge color="orange" variant="light" tt="none" ml={4}>
            {words(anomaly.kind)}: {money(anomaly.amount_idr)}
          </Badge>
        )}
      {resolution === null ?
        null :
        (
          <Text span size="xs" c="dimmed" title={resolution.note}>
            {" "}
            {words(resolution.kind)}: {resolution.note}
          </Text>
        )}
    </>
  )
}

export const PaymentRows = ({ actions, label, payments }: {
  label: string
  payments: ReadonlyArray<ReviewedPaymentView>
  actions?: (payment: ReviewedPaymentView) => ReactNode
}) => {
  const text = useText()
  const columns: ReadonlyArray<Column<ReviewedPaymentView>> = [
    { head: text.column.at, cell: (row) => <Instant at={row.created_at} isDayShown />, width: 190 },
    {
      head: text.column.customer,
      cell: (row) => <CustomerLink id={row.customer_id} name={row.customer_name} />
    },
    { head: text.column.amount, cell: (row) => money(row.amount_idr), isRight: true },
    { head: text.column.state, cell: (row) => <Status of={row.status} /> },
    { head: text.column.cause, cell: (row) => <Cause payment={row} /> },
    { head: text.column.session, cell: (row) => <SessionLink id={row.session_id} /> },
    ...(actions === undefined ? [] : [{ head: text.column.actions, cell: actions }])
  ]
  return <Rows label={label} columns={columns} rows={payments} keyOf={(row) => row.payment_id} height={560} />
}
