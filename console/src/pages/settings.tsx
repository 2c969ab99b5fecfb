// The product's settings with their limits and defaults; switches on top. A value the server refuses stays
// typed, with the reason beside it, and so does one that a colleague changed meanwhile; below, who changed
// what.
import { Button, Group, NumberInput, Select, SimpleGrid, Switch, Text } from "@mantine/core"
import { useState } from "react"
import {
  defaultSettings,
  limitsOf,
  type SettingKey,
  settingKeys,
  type Settings
} from "../../../src/domain/settings.ts"
import { call } from "../connection/sign-in.ts"
import { useAction, useCall } from "../connection/use-call.ts"
import { useDraft } from "../connection/use-draft.ts"
import { number, words } from "../format.ts"
import { AuditRows } from "../parts/audit-rows.tsx"
import { Difference } from "../parts/difference.tsx"
import { Card, Failed, Page, Waiting } from "../parts/page.tsx"
import { useMay } from "../parts/permitted.tsx"
import { useText } from "../text/catalogue.ts"
import type { Texts } from "../text/english.ts"

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

/** What a number may be, and what it is where nobody chose. */
const hintOf = (name: SettingKey, text: Texts): string => {
  const limits = limitsOf(name)
  const range = limits === null
    ? ""
    : `${text.settings.limits} ${number(limits.minimum)} ${text.settings.up_to} ${number(limits.maximum)} · `
  return `${range}${text.settings.default} ${String(defaultSettings[name])}`
}

const Line = ({ name, onSaved, value }: LineOptions) => {
  const text = useText()
  const mayWrite = useMay("write", "settings")
  const draft = useDraft<Value>(value, {
    read: async () => (await call("admin.settings_read", {})).settings[name],
    write: async (mine, seen) =>
      (await call("admin.settings_write", { key: name, value: mine, seen })).settings[name],
    onSaved
  })
  return (
    <div>
      <Group justify="space-between" className="setting" gap="xs">
        <div>
          <Text size="sm">{words(name)}</Text>
          <Text size="xs" c="dimmed">{hintOf(name, text)}</Text>
        </div>
        <Group gap="xs" wrap="nowrap">
          <Field name={name} typed={draft.mine} isDisabled={!mayWrite} onTyped={draft.type} />
          <Button
            size="xs"
            variant={draft.isChanged ? "filled" : "default"}
            disabled={!mayWrite || !draft.isChanged || draft.theirs !== null}
            loading={draft.isBusy}
            onClick={draft.save}
          >
            {text.save}
          </Button>
        </Group>
      </Group>
      <Failed problem={draft.problem} />
      <Difference draft={draft} fieldsOf={(one) => ({ [name]: one })} targetId={name} />
    </div>
  )
}

const Toggle = ({ name, onSaved, value }: LineOptions) => {
  const text = useText()
  const mayWrite = useMay("write", "settings")
  // A colleague's press counts as seen from now on: the switch moves, and says why it did not stay.
  const { isBusy, press, problem } = useAction(
    (next: boolean) => call("admin.settings_write", { key: name, value: next, seen: value }).finally(onSaved)
  )
  return (
    <div>
      <Switch
        label={words(name)}
        checked={value === true}
        disabled={!mayWrite || isBusy}
        description={hintOf(name, text)}
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
        <SimpleGrid cols={{ base: 1, lg: 2 }} verticalSpacing="sm" spacing={48}>
          {entriesOf(settings, false).map((name) => (
            <Line key={name} name={name} value={settings[name]} onSaved={saved} />
          ))}
        </SimpleGrid>
      </Card>
      <Card pad={false} title={text.settings.changes}>
        <AuditRows
          key={changes}
          filter={{ action: "setting.", target_type: null, target_id: null, staff_id: null }}
          height={320}
        />
      </Card>
    </Page>
  )
}

export default SettingsPage
