// Customers by the beginning of the call name; one, by id or a whole phone: what is alive, what is past, what
// was paid.
import { Button, Group, SimpleGrid, TextInput } from "@mantine/core"
import { useState } from "react"
import type { AnswerOf } from "../connection/line.ts"
import { useCall } from "../connection/use-call.ts"
import { Card, Empty, Fact, Failed, Page, Waiting } from "../parts/page.tsx"
import { PastSessions } from "../parts/past-sessions.tsx"
import { PaymentRows } from "../parts/payment-rows.tsx"
import { SessionLink, ShortId } from "../parts/person.tsx"
import { type Column, Rows } from "../parts/rows.tsx"
import { Status } from "../parts/status.tsx"
import { Instant } from "../parts/time.tsx"
import { go } from "../routes.ts"
import { useText } from "../text/catalogue.ts"

type Line = AnswerOf<"admin.customers">["customers"][number]

const Payments = ({ id }: { id: string }) => {
  const text = useText()
  const { data, problem } = useCall("admin.customer_payments", { customer_id: id, limit: 50 })
  return (
    <Card pad={false} title={text.customer.payments}>
      <Failed problem={problem} />
      {data === null
        ? <Waiting />
        : data.payments.length === 0
        ? <Empty>{text.nothing}</Empty>
        : <PaymentRows label={text.customer.payments} payments={data.payments} />}
    </Card>
  )
}

const Customer = ({ find }: { find: string }) => {
  const text = useText()
  const { data, problem } = useCall("admin.customer", { find })
  if (data === null) return problem === null ? <Waiting /> : <Failed problem={problem} />
  return (
    <>
      <Card title={data.call_name}>
        <SimpleGrid cols={{ base: 1, sm: 3 }}>
          <Fact label={text.customer.phone}>{data.phone_masked ?? text.customer.anonymous}</Fact>
          <Fact label={text.customer.since}>
            <Instant at={data.created_at} isDayShown />
          </Fact>
          <Fact label={text.customer.live}>
            {data.live_sessions.length === 0 ?
              "–" :
              data.live_sessions.map((session) => (
                <div key={session.session_id}>
                  <SessionLink id={session.session_id} /> <Status of={session.status} />
                </div>
              ))}
          </Fact>
        </SimpleGrid>
      </Card>
      <Payments id={data.customer_id} />
      <PastSessions
        customerId={data.customer_id}
        label={text.customer.sessions}
        title={text.customer.sessions}
      />
    </>
  )
}

/** An id or a phone is somebody; anything else is the beginning of a name. */
const isWhole = (find: string): boolean => /^(\+?\d[\d -]+|[0-9a-f-]{36})$/i.test(find)

const Named = ({ beginning }: { beginning: string }) => {
  const text = useText()
  const { data, problem } = useCall("admin.customers", { search: beginning, limit: 50 })
  const columns: ReadonlyArray<Column<Line>> = [
    { head: text.column.name, cell: (row) => row.call_name },
    { head: text.customer.phone, cell: (row) => row.phone_masked ?? text.customer.anonymous },
    { head: text.customer.since, cell: (row) => <Instant at={row.created_at} isDayShown /> },
    { head: text.column.target, cell: (row) => <ShortId id={row.customer_id} /> }
  ]
  if (data === null) return problem === null ? <Waiting /> : <Failed problem={problem} />
  return (
    <Card pad={false}>
      {data.customers.length === 0 ? <Empty>{text.nothing}</Empty> : (
        <Rows
          label={text.nav.customers}
          columns={columns}
          rows={data.customers}
          keyOf={(row) => row.customer_id}
          linkOf={(row) => ["customers", row.customer_id]}
        />
      )}
    </Card>
  )
}

const CustomersPage = ({ id }: { id: string | null }) => {
  const text = useText()
  const [sought, setSought] = useState(id ?? "")
  return (
    <Page title={text.nav.customers}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (sought.trim() !== "") go("customers", sought.trim())
        }}
      >
        <Group gap="xs" align="flex-end">
          <TextInput
            label={text.customer.find}
            value={sought}
            w={380}
            maw="100%"
            maxLength={64}
            onChange={(event) => setSought(event.currentTarget.value)}
          />
          <Button type="submit">{text.customer.go}</Button>
        </Group>
      </form>
      {id === null
        ? <Empty>{text.customer.hint}</Empty>
        : isWhole(id)
        ? <Customer find={id} />
        : <Named beginning={id} />}
    </Page>
  )
}

export default CustomersPage
