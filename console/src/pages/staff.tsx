// Colleagues with their roles, and the test numbers that get a fixed code. Shown to whoever may let others
// in.
import { Badge, Group, PasswordInput, Select, Tabs, Text, TextInput } from "@mantine/core"
import { useState } from "react"
import type { AnswerOf } from "../connection/line.ts"
import { call } from "../connection/sign-in.ts"
import { useCall } from "../connection/use-call.ts"
import { roles, type Role } from "../../../src/domain/staff.ts"
import { Confirm } from "../parts/confirm.tsx"
import { Card, Empty, Failed, Page, Waiting } from "../parts/page.tsx"
import { type Column, Rows } from "../parts/rows.tsx"
import { useText } from "../text/catalogue.ts"
import { TestNumbers } from "./test-numbers.tsx"

type Colleague = AnswerOf<"admin.staff_list">["staff"][number]

const RoleField = ({ onRole, role }: { role: Role; onRole: (role: Role) => void }) => {
  const text = useText()
  return (
    <Select
      label={text.column.role}
      data={[...roles]}
      value={role}
      allowDeselect={false}
      onChange={(chosen) => onRole(roles.find((one) => one === chosen) ?? role)}
    />
  )
}

const Create = ({ onDone }: { onDone: () => void }) => {
  const text = useText()
  const [email, setEmail] = useState("")
  const [password, setPassword] = useState("")
  const [role, setRole] = useState<Role>("operator")
  return (
    <Confirm
      label={text.staff.create}
      what={text.staff.create_what}
      onDone={onDone}
      isReady={email.includes("@") && password.length >= 12}
      run={() => call("admin.staff_create", { email: email.trim(), password, role })}
    >
      <TextInput
        label={text.column.email}
        type="email"
        value={email}
        required
        autoComplete="off"
        onChange={(event) => setEmail(event.currentTarget.value)}
      />
      <PasswordInput
        label={text.sign_in.password}
        value={password}
        required
        autoComplete="new-password"
        description="12+"
        onChange={(event) => setPassword(event.currentTarget.value)}
        visibilityToggleButtonProps={{ "aria-label": text.show }}
      />
      <RoleField role={role} onRole={setRole} />
    </Confirm>
  )
}

const Actions = ({ onDone, row }: { row: Colleague; onDone: () => void }) => {
  const { account, staff: text } = useText()
  const [role, setRole] = useState<Role>(row.role)
  const { is_active, staff_id } = row
  return (
    <Group gap={4} wrap="nowrap">
      <Confirm
        size="xs"
        label={text.set_role}
        what={text.set_role_what}
        onDone={onDone}
        isReady={role !== row.role}
        run={() => call("admin.staff_set_role", { staff_id, role })}
      >
        <RoleField role={role} onRole={setRole} />
      </Confirm>
      <Confirm
        size="xs"
        colour={is_active ? "red" : "green"}
        label={is_active ? text.deactivate : text.activate}
        what={is_active ? text.deactivate_what : text.activate_what}
        onDone={onDone}
        run={() => call("admin.staff_set_active", { staff_id, is_active: !is_active })}
      />
      <Confirm
        size="xs"
        colour="red"
        label={account.reset}
        what={account.reset_what}
        onDone={onDone}
        run={() => call("admin.staff_second_factor_reset", { staff_id })}
      />
    </Group>
  )
}

const People = () => {
  const text = useText()
  const { data, problem, reload } = useCall("admin.staff_list", {})
  const columns: ReadonlyArray<Column<Colleague>> = [
    { head: text.column.email, cell: (row) => row.email },
    { head: text.column.role, cell: (row) => <Badge variant="light" tt="none">{row.role}</Badge> },
    {
      head: text.column.state,
      cell: (row) => (
        <Text size="sm" c="dimmed">
          {row.is_active ? text.staff.active : text.staff.inactive}{" "}
          {row.locked_until === null ? "" : text.staff.locked}
        </Text>
      )
    },
    {
      head: text.column.actions,
      cell: (row) => <Actions key={row.role} row={row} onDone={reload} />,
      width: 420
    }
  ]
  if (data === null) return problem === null ? <Waiting /> : <Failed problem={problem} />
  return (
    <Card pad={false} title={text.staff.people} aside={<Create onDone={reload} />}>
      {data.staff.length === 0
        ? <Empty>{text.nothing}</Empty>
        : (
          <Rows
            label={text.staff.people}
            columns={columns}
            rows={data.staff}
            keyOf={(row) => row.staff_id}
          />
        )}
    </Card>
  )
}

const StaffPage = () => {
  const text = useText()
  return (
    <Page title={text.nav.staff}>
      <Tabs defaultValue="people" keepMounted={false}>
        <Tabs.List mb="md">
          <Tabs.Tab value="people">{text.staff.people}</Tabs.Tab>
          <Tabs.Tab value="numbers">{text.staff.numbers}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="people">
          <People />
        </Tabs.Panel>
        <Tabs.Panel value="numbers">
          <TestNumbers />
        </Tabs.Panel>
      </Tabs>
    </Page>
  )
}

export default StaffPage
