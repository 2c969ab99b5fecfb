// The audit log with its filters: the beginning of an action, and the whole id of what it was done to.
import { Group, TextInput } from "@mantine/core"
import { useDebouncedValue } from "@mantine/hooks"
import { useState } from "react"
import { AuditRows } from "../parts/audit-rows.tsx"
import { Card, Page } from "../parts/page.tsx"
import { useText } from "../text/catalogue.ts"

const orNull = (text: string): string | null => text.trim() === "" ? null : text.trim()

const AuditPage = () => {
  const text = useText()
  const [action, setAction] = useState("")
  const [target, setTarget] = useState("")
  const [filter] = useDebouncedValue(
    { action: orNull(action), target_id: orNull(target), staff_id: null },
    250
  )
  return (
    <Page title={text.nav.audit}>
      <Group gap="sm">
        <TextInput
          label={text.audit.action}
          placeholder="mitra."
          value={action}
          maxLength={60}
          onChange={(event) => setAction(event.currentTarget.value)}
        />
        <TextInput
          label={text.audit.target}
          value={target}
          maxLength={120}
          w={320}
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
