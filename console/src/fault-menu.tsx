// For testers: troubles on demand. Which, for whom, how bad and for how long; what lasts, until when (in real
// time, whatever the product's is), and a way to undo it sooner.
import { Button, Group, NumberInput, Popover, Select, Stack, Text } from "@mantine/core"
import { useState } from "react"
import type { PayloadOf } from "./connection/line.ts"
import { call } from "./connection/sign-in.ts"
import { useAction, useCall } from "./connection/use-call.ts"
import { timeOfDay } from "./format.ts"
import { Failed } from "./parts/page.tsx"
import { useText } from "./text/catalogue.ts"

type Fault = PayloadOf<"faults.start">["fault"]
type Kind = Fault["kind"]

const kinds: ReadonlyArray<Kind> = [
  "cut_socket",
  "lag_socket",
  "lose_valkey",
  "slow_database",
  "double_webhook"
]
const isOfSomebody = (kind: Kind) => kind === "cut_socket" || kind === "lag_socket"
const isDelay = (kind: Kind) => kind === "lag_socket" || kind === "slow_database"
const refreshMs = 1_000
const closedRefreshMs = 5_000
const peopleMax = 100

const faultOf = (kind: Kind, user_id: string, delay_ms: number): Fault => {
  switch (kind) {
    case "cut_socket":
      return { kind, user_id }
    case "lag_socket":
      return { kind, user_id, delay_ms }
    case "slow_database":
      return { kind, delay_ms }
    case "lose_valkey":
    case "double_webhook":
      return { kind }
  }
}

/** Who may have a socket: both sides of every request and chat, and mitras who are online. */
const usePeople = (): ReadonlyArray<{ readonly value: string; readonly label: string }> => {
  const text = useText()
  const page = { after: null, limit: peopleMax } as const
  const sessions = useCall("admin.live_sessions", { filter: "all", mitra_id: null, ...page })
  const mitras = useCall("admin.mitras", { search: null, filter: "online", ...page })
  const people = new Map<string, string>()
  for (const one of mitras.data?.mitras ?? []) {
    people.set(one.mitra_id, `${one.display_name}, ${text.column.mitra}`)
  }
  for (const one of sessions.data?.sessions ?? []) {
    people.set(one.customer_id, `${one.customer_name}, ${text.column.customer}`)
  }
  return [...people].map(([value, label]) => ({ value, label }))
}

const Amount = ({ label, most, onChange, unit, value }: {
  label: string
  most: number
  unit: string
  value: number
  onChange: (value: number) => void
}) => (
  <NumberInput
    size="xs"
    label={label}
    min={1}
    max={most}
    suffix={` ${unit}`}
    value={value}
    onChange={(typed) => onChange(Number(typed) || 1)}
  />
)

const Start = ({ onStarted }: { onStarted: () => void }) => {
  const text = useText()
  const people = usePeople()
  const [kind, setKind] = useState<Kind>("cut_socket")
  const [person, setPerson] = useState<string | null>(null)
  const [delayMs, setDelay] = useState(500)
  const [seconds, setSeconds] = useState(30)
  const { isBusy, press, problem } = useAction(
    (fault: Fault) => call("faults.start", { fault, undo_after_ms: seconds * 1_000 }),
    onStarted
  )
  const isReady = !isOfSomebody(kind) || person !== null
  return (
    <>
      <Select
        size="xs"
        label={text.faults.kind}
        allowDeselect={false}
        comboboxProps={{ withinPortal: false }}
        data={kinds.map((value) => ({ value, label: text.faults[value] }))}
        value={kind}
        onChange={(chosen) => setKind(kinds.find((one) => one === chosen) ?? kind)}
      />
      {isOfSomebody(kind)
        ? (
          <Select
            size="xs"
            label={text.faults.person}
            placeholder={people.length === 0 ? text.faults.nobody : ""}
            searchable
            comboboxProps={{ withinPortal: false }}
            data={people}
            value={person}
            onChange={setPerson}
          />
        )
        : null}
      {isDelay(kind)
        ? <Amount label={text.faults.delay} most={60_000} unit="ms" value={delayMs} onChange={setDelay} />
        : null}
      <Amount label={text.faults.undo_after} most={3_600} unit="s" value={seconds} onChange={setSeconds} />
      <Button
        size="compact-sm"
        loading={isBusy}
        disabled={!isReady}
        onClick={() => void press(faultOf(kind, person ?? "", delayMs))}
      >
        {text.faults.start}
      </Button>
      <Failed problem={problem} />
    </>
  )
}

export const FaultMenu = ({ zone }: { zone: string }) => {
  const text = useText()
  const [isOpen, setOpen] = useState(false)
  const { data, reload } = useCall("faults.list", {}, isOpen ? refreshMs : closedRefreshMs)
  const undo = useAction((fault_id: string | null) => call("faults.undo", { fault_id }), reload)
  const running = data?.faults ?? []
  return (
    <Popover position="bottom-start" width={300} shadow="md" opened={isOpen} onChange={setOpen}>
      <Popover.Target>
        <Button size="compact-xs" variant="default" onClick={() => setOpen(!isOpen)}>
          {text.clock.faults}: {running.length}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Stack gap="xs">
          {isOpen ? <Start onStarted={reload} /> : null}
          {running.map((one) => (
            <Group key={one.fault_id} justify="space-between" wrap="nowrap">
              <Text size="xs" className="tabular">
                {text.faults[one.fault.kind]}, {text.faults.until}{" "}
                {timeOfDay(Date.parse(one.undone_at), zone)}
              </Text>
              <Button
                size="compact-xs"
                variant="default"
                flex="none"
                onClick={() => void undo.press(one.fault_id)}
              >
                {text.faults.undo}
              </Button>
            </Group>
          ))}
          {running.length > 1
            ? (
              <Button size="compact-xs" variant="default" onClick={() => void undo.press(null)}>
                {text.clock.undo}
              </Button>
            )
            : null}
          <Failed problem={undo.problem} />
        </Stack>
      </Popover.Dropdown>
    </Popover>
  )
}
