// For testers, where the product's time is in their hands: move it, let it run, see what that brought
// about; and troubles on demand, each undone by itself after a while.
import { Button, Group, Menu, NumberInput, Popover, Text } from "@mantine/core"
import { useState } from "react"
import { setProductTime, useProductNow } from "./connection/live.ts"
import { call, mayDo, type Me } from "./connection/sign-in.ts"
import { useAction, useCall } from "./connection/use-call.ts"
import type { AnswerOf, PayloadOf } from "./connection/line.ts"
import { dayAndTime, lengthOf, words } from "./format.ts"
import { Failed } from "./parts/page.tsx"
import { useText } from "./text/catalogue.ts"

type Passed = AnswerOf<"clock.advance">
type Fault = PayloadOf<"faults.start">["fault"]

const minute = 60_000
const faultMs = 30_000

const Fired = ({ passed, zone }: { passed: Passed; zone: string }) => {
  const text = useText()
  return (
    <Popover position="bottom-start" width={420} shadow="md">
      <Popover.Target>
        <Button size="compact-xs" variant="default">
          {text.clock.fired}: {passed.fired.length + passed.fired_not_shown}
        </Button>
      </Popover.Target>
      <Popover.Dropdown mah={320} style={{ overflow: "auto" }}>
        {passed.fired.length === 0 ? <Text size="sm">{text.clock.nothing}</Text> : null}
        {passed.fired.map((one) => (
          <Text size="xs" key={`${one.id} ${one.what} ${one.at}`} className="tabular">
            {dayAndTime(Date.parse(one.at), zone)} · {one.what} {one.id.slice(-8)}
          </Text>
        ))}
        <Text size="xs" c="dimmed" mt="xs">
          {Object.entries(passed.sweeps).map(([name, count]) => `${words(name)} ${count}`).join(", ")}
        </Text>
      </Popover.Dropdown>
    </Popover>
  )
}

const Faults = () => {
  const text = useText()
  const { data, reload } = useCall("faults.list", {}, 5_000)
  const { press } = useAction(
    (fault: Fault) => call("faults.start", { fault, undo_after_ms: faultMs }),
    reload
  )
  const undo = useAction(() => call("faults.undo", { fault_id: null }), reload)
  const running = data?.faults ?? []
  return (
    <Menu position="bottom-start" width={300}>
      <Menu.Target>
        <Button size="compact-xs" variant="default">{text.clock.faults}: {running.length}</Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => void press({ kind: "lose_valkey" })}>{text.clock.lose_valkey}</Menu.Item>
        <Menu.Item onClick={() => void press({ kind: "slow_database", delay_ms: 500 })}>
          {text.clock.slow_database}
        </Menu.Item>
        <Menu.Item onClick={() => void press({ kind: "double_webhook" })}>
          {text.clock.double_webhook}
        </Menu.Item>
        {running.map((one) => (
          <Menu.Label key={one.fault_id}>
            {words(one.fault.kind)}, {text.clock.until} {one.undone_at.slice(11, 19)} UTC
          </Menu.Label>
        ))}
        <Menu.Item onClick={() => void undo.press()} disabled={running.length === 0}>
          {text.clock.undo}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}

const Held = ({ me }: { me: Me }) => {
  const text = useText()
  const now = useProductNow()
  const [rate, setRate] = useState<number>(10)
  const [passed, setPassed] = useState<Passed | null>(null)
  const clock = useCall("clock.now", {}, 2_000)
  const isRunning = (clock.data?.rate ?? 0) > 0
  const told = (view: { now: string; rate?: number }) => {
    setProductTime(view.now, view.rate ?? 0)
    clock.reload()
  }
  const advance = useAction((ms: number) => call("clock.advance", { duration_ms: ms }), (answer) => {
    setPassed(answer)
    told(answer)
  })
  const next = useAction(async () => {
    const { next_due_at, now: from } = await call("clock.now", {})
    const ms = next_due_at === null ? minute : Math.max(1, Date.parse(next_due_at) - Date.parse(from))
    return call("clock.advance", { duration_ms: ms })
  }, (answer) => {
    setPassed(answer)
    told(answer)
  })
  const run = useAction(() => isRunning ? call("clock.pause", {}) : call("clock.run", { rate }), told)
  const isBusy = advance.isBusy || next.isBusy
  const mayWrite = mayDo(me, "write", "system")
  const due = clock.data?.next_due_at ?? null
  return (
    <>
      <Text size="sm" fw={600}>{isRunning ? text.clock.running : text.clock.held}</Text>
      <Text size="sm" className="tabular" data-testid="product-time" title={clock.data?.now ?? ""}>
        {dayAndTime(now, me.time_zone)}
      </Text>
      {!mayWrite ? null : (
        <>
          <Button size="compact-xs" loading={isBusy} onClick={() => void advance.press(minute)}>
            +1 min
          </Button>
          <Button size="compact-xs" loading={isBusy} onClick={() => void advance.press(30 * minute)}>
            +30 min
          </Button>
          <Button size="compact-xs" loading={isBusy} onClick={() => void next.press()}>
            {text.clock.next}
            {due === null ? "" : ` (${lengthOf(Math.max(0, Date.parse(due) - now))})`}
          </Button>
          <NumberInput
            size="xs"
            w={74}
            min={0.01}
            max={10_000}
            value={rate}
            aria-label={text.clock.run}
            onChange={(value) => setRate(Number(value) || 1)}
            suffix="×"
          />
          <Button size="compact-xs" variant="default" loading={run.isBusy} onClick={() => void run.press()}>
            {isRunning ? text.clock.pause : text.clock.run}
          </Button>
        </>
      )}
      {passed === null ? null : <Fired passed={passed} zone={me.time_zone} />}
      <Failed problem={advance.problem ?? next.problem ?? run.problem} />
    </>
  )
}

export const ClockBar = ({ me }: { me: Me }) => {
  const text = useText()
  return (
    <Group
      className="clock-bar"
      gap="xs"
      mx="calc(var(--mantine-spacing-md) * -1)"
      mb="md"
      mt="calc(var(--mantine-spacing-md) * -1)"
      role="toolbar"
      aria-label={text.clock.bar}
    >
      {me.is_clock_held ? <Held me={me} /> : null}
      {me.takes_faults && mayDo(me, "write", "system") ? <Faults /> : null}
    </Group>
  )
}
