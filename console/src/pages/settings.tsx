// The product's settings with their defaults; switches on top. A value the server refuses stays typed, with
// the reason beside it; below, who changed what.
import { Button, Group, NumberInput, Select, Stack, Switch, Text } from "@mantine/core"
import { useState } from "react"
import { defaultSettings, type SettingKey, settingKeys, type Settings } from "../../../src/domain/settings.ts"
import { call } from "../connection/sign-in.ts"
import { useAction, useCall } from "../connection/use-call.ts"
import { words } from "../format.ts"
import { AuditRows } from "../parts/audit-rows.tsx"
import { Card, Failed, Page, Waiting } from "../parts/page.tsx"
import { useMay } from "../parts/permitted.tsx"
import { useText } from "../text/catalogue.ts"

const choices: Partial<Record<SettingKey, ReadonlyArray<string>>> = {
  extension_default_action_on_timeout: ["auto_approve", "auto_reject"]
}

type Value = string | number | boolean

interface LineOptions {
  readonly name: SettingKey
  readonly value: Value
  readonly onSaved: () => void
}

const Field = ({ isDisabled, name, onTyped, typed }: {
  name: SettingKey
  typed: Value
  isDisabled: boolean
  onTyped: (value: Value) => void
}) => {
  const given = choices[name]
  if (given !== undefined) {
    return (
      <Select
        aria-label={words(name)}
        data={[...given]}
        value={String(typed)}
        disabled={isDisabled}
        allowDeselect={false}
        w={150}
        size="xs"
        onChange={(chosen) => onTyped(chosen ?? "")}
      />
    )
  }
  return (
    <NumberInput
      aria-label={words(name)}
      value={Number(typed)}
      disabled={isDisabled}
      w={110}
      size="xs"
      onChange={(value) => onTyped(Number(value))}
    />
  )
}

const Line = ({ name, onSaved, value }: LineOptions) => {
  const text = useText()
  const mayWrite = useMay("write", "settings")
  const [typed, setTyped] = useState<Value>(value)
  const { isBusy, press, problem } = useAction(
    () => call("admin.settings_write", { key: name, value: typed }),
    onSaved
  )
  const isChanged = typed !== value
  return (
    <div>
      <Group justify="space-between" wrap="nowrap" gap="sm">
        <div>
          <Text size="sm">{words(name)}</Text>
          <Text size="xs" c="dimmed">{text.settings.default} {String(defaultSettings[name])}</Text>
        </div>
        <Group gap="xs" wrap="nowrap">
          <Field name={name} typed={typed} isDisabled={!mayWrite} onTyped={setTyped} />
          <Button
            size="xs"
            variant={isChanged ? "filled" : "default"}
            disabled={!mayWrite || !isChanged}
            loading={isBusy}
            onClick={() => void press()}
          >
            {text.save}
          </Button>
        </Group>
      </Group>
      <Failed problem={problem} />
    </div>
  )
}

const Toggle = ({ name, onSaved, value }: LineOptions) => {
  const mayWrite = useMay("write", "settings")
  const { isBusy, press, problem } = useAction(
    (next: boolean) => call("admin.settings_write", { key: name, value: next }),
    onSaved
  )
  return (
    <div>
      <Switch
        label={words(name)}
        checked={value === true}
        disabled={!mayWrite || isBusy}
        description={`default ${String(defaultSettings[name])}`}
        onChange={(event) => void press(event.currentTarget.checked)}
      />
      <Failed problem={problem} />
    </div>
  )
}

const entriesOf = (settings: Settings, isSwitch: boolean) =>
  settingKeys.filter((name) => (typeof settings[name] === "boolean") === isSwitch)

const SettingsPage = () => {
  const text = useText()
  const { data, problem, reload } = useCall("admin.settings_read", {})
  const [changes, setChanges] = useState(0)
  const saved = () => {
    reload()
    setChanges((count) => count + 1)
  }
  if (data === null) return problem === null ? <Waiting /> : <Failed problem={problem} />
  const { settings } = data
  return (
    <Page title={text.nav.settings} lead={text.settings.lead}>
      <Card title={text.settings.switches}>
        <Group gap="xl" align="flex-start">
          {entriesOf(settings, true).map((name) => (
            <Toggle key={name} name={name} value={settings[name]} onSaved={saved} />
          ))}
        </Group>
      </Card>
      <Card title={text.settings.numbers}>
        <Stack gap="sm">
          {entriesOf(settings, false).map((name) => (
            <Line key={`${name} ${settings[name]}`} name={name} value={settings[name]} onSaved={saved} />
          ))}
        </Stack>
      </Card>
      <Card pad={false} title={text.settings.changes}>
        <AuditRows
          key={changes}
          filter={{ action: "setting.", target_id: null, staff_id: null }}
          height={320}
        />
      </Card>
    </Page>
  )
}

export default SettingsPage
