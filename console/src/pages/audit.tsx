// The audit log with its filters: who did it, the beginning of an action, the kind of what it was done to,
// and its whole id.
import { Group, Select, TextInput } from "@mantine/core"
import { useDebouncedValue } from "@mantine/hooks"
import { useState } from "react"
import { useCall } from "../connection/use-call.ts"
import { words } from "../format.ts"
import { AuditRows } from "../parts/audit-rows.tsx"
import { Card, Page } from "../parts/page.tsx"
import { useMay } from "../parts/permitted.tsx"
import { useText } from "../text/catalogue.ts"

const orNull = (text: string): string | null => text.trim() === "" ? null : text.trim()

const targetTypes = [
  "session",
  "customer",
  "mitra",
  "payment",
  "tier",
  "discount",
  "setting",
  "staff",
  "case",
  "push",
  "test_number",
  "runner",
  "mirror",
  "reroute_proposal",
  "clock",
  "fault"
] as const

/** Only for who may see the list of colleagues. */
const By = ({ onChoose, staffId }: { staffId: string | null; onChoose: (id: string | null) => void }) => {
  const text = useText()
  const { data } = useCall("admin.staff_list", {})
  return (
    <Select
      label={text.audit.by}
      placeholder={text.audit.anybody}
      data={(data?.staff ?? []).map((one) => ({ value: one.staff_id, label: one.email }))}
      value={staffId}
      clearable
      w={240}
      onChange={onChoose}
    />
  )
}

const AuditPage = () => {
  const text = useText()
  const maySeeStaff = useMay("read", "staff")
  const [action, setAction] = useState("")
  const [target, setTarget] = useState("")
  const [staffId, setStaffId] = useState<string | null>(null)
  const [targetType, setTargetType] = useState<string | null>(null)
  const [filter] = useDebouncedValue(
    { action: orNull(action), target_id: orNull(target), target_type: targetType, staff_id: staffId },
    250
  )
  return (
    <Page title={text.nav.audit}>
      <Group gap="sm">
        {maySeeStaff ? <By staffId={staffId} onChoose={setStaffId} /> : null}
        <TextInput
          label={text.audit.action}
          placeholder={text.audit.like}
          value={action}
          maxLength={60}
          onChange={(event) => setAction(event.currentTarget.value)}
        />
        <Select
          label={text.audit.kind}
          placeholder={text.audit.anything}
          data={targetTypes.map((value) => ({ value, label: words(value) }))}
          value={targetType}
          clearable
          searchable
          w={180}
          onChange={setTargetType}
        />
        <TextInput
          label={text.audit.target}
          value={target}
          maxLength={120}
          w={320}
          maw="100%"
          onChange={(event) => setTarget(event.currentTarget.value)}
        />
      </Group>
      <Card pad={false}>
        <AuditRows filter={filter} />
      </Card>
    </Page>
  )
}

export default AuditPage
