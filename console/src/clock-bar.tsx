// For testers, where the product's time is in their hands: move it, let it run, see what that brought
// about; and troubles on demand, each undone by itself after a while.
import { Button, Group, NumberInput, Popover, Text } from "@mantine/core"
import { useState } from "react"
import { setProductTime, useProductNow } from "./connection/live.ts"
import { call, mayDo, type Me } from "./connection/sign-in.ts"
import { useAction, useCall } from "./connection/use-call.ts"
import type { AnswerOf } from "./connection/line.ts"
import { FaultMenu } from "./fault-menu.tsx"
import { counted, dayAndTime, lengthOf, words } from "./format.ts"
import { Failed } from "./parts/page.tsx"
import { useText } from "./text/catalogue.ts"

type Passed = AnswerOf<"clock.advance">

const minute = 60_000

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
        {passed.fired_not_shown === 0
          ? null
          : <Text size="xs" c="dimmed">{counted(passed.fired_not_shown, text.clock.more_fired)}</Text>}
        <Text size="xs" c="dimmed" mt="xs">
          {Object.entries(passed.sweeps).map(([name, count]) => `${words(name)} ${count}`).join(", ")}
        </Text>
      </Popover.Dropdown>
    </Popover>
  )
}

const Held = ({ me }: { me: Me }) => {
  const text = useText()
  const now = useProductNow()
  const [rate, setRate] = useState<number>(10)
  const clock = useCall("clock.now", {}, 2_000)
  const isRunning = (clock.data?.rate ?? 0) > 0
  const told = (view: { now: string; rate?: number }) => {
    setProductTime(view.now, view.rate ?? 0)
    clock.reload()
  }
  const advance = useAction((ms: number) => call("clock.advance", { duration_ms: ms }), told)
  const next = useAction(async () => {
    const { next_due_at, now: from } = await call("clock.now", {})
    const ms = next_due_at === null ? minute : Math.max(1, Date.parse(next_due_at) - Date.parse(from))
    return call("clock.advance", { duration_ms: ms })
  }, told)
  const run = useAction(() => isRunning ? call("clock.pause", {}) : call("clock.run", { rate }), told)
  const isBusy = advance.isBusy || next.isBusy
  const mayWrite = mayDo(me, "write", "system")
  const due = clock.data?.next_due_at ?? null
  const passed = clock.data?.passed ?? null
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
            w={64}
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
      gap={8}
      mx="calc(var(--mantine-spacing-md) * -1)"
      mb="md"
      mt="calc(var(--mantine-spacing-md) * -1)"
      role="toolbar"
      aria-label={text.clock.bar}
    >
      {me.is_clock_held ? <Held me={me} /> : null}
      {me.takes_faults && mayDo(me, "write", "system") ? <FaultMenu zone={me.time_zone} /> : null}
    </Group>
  )
}
