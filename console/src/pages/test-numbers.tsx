// Phones of testers: each gets its own fixed code, as long as no provider sends codes.
import { Alert, Button, Group, TextInput } from "@mantine/core"
import { useState } from "react"
import type { AnswerOf } from "../connection/line.ts"
import { call } from "../connection/sign-in.ts"
import { useAction, useCall } from "../connection/use-call.ts"
import { Confirm } from "../parts/confirm.tsx"
import { Card, Empty, Failed, Waiting } from "../parts/page.tsx"
import { May } from "../parts/permitted.tsx"
import { type Column, Rows } from "../parts/rows.tsx"
import { useText } from "../text/catalogue.ts"

type TestNumber = AnswerOf<"admin.test_numbers">["test_numbers"][number]

const Put = ({ onDone }: { onDone: () => void }) => {
  const text = useText()
  const [phone, setPhone] = useState("+62")
  const [code, setCode] = useState("")
  const { isBusy, press, problem } = useAction(() => call("admin.test_number_put", { phone, code }), onDone)
  return (
    <>
      <Group align="flex-end" gap="sm">
        <TextInput
          label={text.customer.phone}
          value={phone}
          maxLength={20}
          onChange={(event) => setPhone(event.currentTarget.value)}
        />
        <TextInput
          label={text.staff.code}
          value={code}
          maxLength={6}
          w={110}
          inputMode="numeric"
          onChange={(event) => setCode(event.currentTarget.value)}
        />
        <Button loading={isBusy} disabled={!/^\d{6}$/.test(code)} onClick={() => void press()}>
          {text.staff.put}
        </Button>
      </Group>
      <Failed problem={problem} />
    </>
  )
}

export const TestNumbers = () => {
  const text = useText()
  const { data, problem, reload } = useCall("admin.test_numbers", {})
  const columns: ReadonlyArray<Column<TestNumber>> = [
    { head: text.customer.phone, cell: (row) => row.phone },
    { head: text.staff.code, cell: (row) => row.code },
    {
      head: text.column.actions,
      cell: (row) => (
        <May write="test_numbers">
          <Confirm
            size="xs"
            colour="red"
            label={text.staff.remove}
            what={text.staff.remove_what}
            onDone={reload}
            run={() => call("admin.test_number_remove", { phone: row.phone })}
          />
        </May>
      )
    }
  ]
  if (data === null) return problem === null ? <Waiting /> : <Failed problem={problem} />
  return (
    <Card title={text.staff.numbers}>
      {data.is_effective
        ? null
        : <Alert color="yellow" variant="light" mb="sm" title={text.staff.numbers_off} />}
      <May write="test_numbers">
        <Put onDone={reload} />
      </May>
      {data.test_numbers.length === 0
        ? <Empty>{text.nothing}</Empty>
        : (
          <Rows
            label={text.staff.numbers}
            columns={columns}
            rows={data.test_numbers}
            keyOf={(row) => row.phone}
          />
        )}
    </Card>
  )
}
