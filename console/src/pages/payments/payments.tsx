// Payments: failures that wait for a decision, open ones, prices with their discount, and who changed them.
import { Group, Tabs } from "@mantine/core"
import { useRef } from "react"
import type { ReviewedPaymentView } from "../../../../src/contract/staff/payments.ts"
import { call, newCommandId } from "../../connection/sign-in.ts"
import { Confirm } from "../../parts/confirm.tsx"
import { Card, Empty, Failed, Page, Waiting } from "../../parts/page.tsx"
import { More, usePages } from "../../parts/pages.tsx"
import { PaymentRows } from "../../parts/payment-rows.tsx"
import { useMay } from "../../parts/permitted.tsx"
import { useText } from "../../text/catalogue.ts"
import { PriceHistory } from "./price-history.tsx"
import { Prices } from "./prices.tsx"

const Decide = ({ onDone, payment }: { payment: ReviewedPaymentView; onDone: () => void }) => {
  const { payment: text } = useText()
  const command = useRef("")
  const { payment_id } = payment
  return (
    <Group gap={4} wrap="nowrap">
      {payment.product === "chat_session" && payment.confirmed_at !== null
        ? (
          <Confirm
            size="xs"
            label={text.retry}
            what={text.retry_what}
            onDone={onDone}
            onOpen={() => {
              command.current = newCommandId()
            }}
            run={() => call("admin.payment_retry", { command_id: command.current, payment_id })}
          />
        )
        : null}
      <Confirm
        size="xs"
        label={text.refunded}
        what={text.refunded_what}
        isReasonAsked
        onDone={onDone}
        colour="teal"
        run={(note) => call("admin.payment_set_refunded", { payment_id, note })}
      />
      <Confirm
        size="xs"
        label={text.dismiss}
        what={text.dismiss_what}
        isReasonAsked
        onDone={onDone}
        colour="gray"
        run={(note) => call("admin.payment_dismiss", { payment_id, note })}
      />
    </Group>
  )
}

const List = ({ empty, label, tag }: {
  tag: "admin.failed_pairings" | "admin.pending_payments"
  label: string
  empty: string
}) => {
  const mayDecide = useMay("write", "payments")
  const { items, more, next, problem, reload } = usePages(tag, async (before) => {
    const page = await call(tag, { before, limit: 50 })
    return { items: page.payments, next: page.next }
  })
  const actions = mayDecide && tag === "admin.failed_pairings"
    ? (payment: ReviewedPaymentView) => <Decide payment={payment} onDone={reload} />
    : undefined
  return (
    <Card pad={false}>
      <Failed problem={problem} />
      {items === null
        ? <Waiting />
        : items.length === 0
        ? <Empty>{empty}</Empty>
        : <PaymentRows label={label} payments={items} {...(actions === undefined ? {} : { actions })} />}
      <More next={next} more={more} />
    </Card>
  )
}

const PaymentsPage = () => {
  const text = useText()
  return (
    <Page title={text.nav.payments}>
      <Tabs defaultValue="failed" keepMounted={false}>
        <Tabs.List mb="md">
          <Tabs.Tab value="failed">{text.payment.failed}</Tabs.Tab>
          <Tabs.Tab value="pending">{text.payment.pending}</Tabs.Tab>
          <Tabs.Tab value="prices">{text.payment.prices}</Tabs.Tab>
          <Tabs.Tab value="history">{text.payment.history}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="failed">
          <List tag="admin.failed_pairings" label={text.payment.failed} empty={text.payment.none_failed} />
        </Tabs.Panel>
        <Tabs.Panel value="pending">
          <List tag="admin.pending_payments" label={text.payment.pending} empty={text.nothing} />
        </Tabs.Panel>
        <Tabs.Panel value="prices">
          <Prices />
        </Tabs.Panel>
        <Tabs.Panel value="history">
          <PriceHistory />
        </Tabs.Panel>
      </Tabs>
    </Page>
  )
}

export default PaymentsPage
