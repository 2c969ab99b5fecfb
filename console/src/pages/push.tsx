// Pushes: what waits, what holds it up, what died and may be sent again, and how many were sent a day.
import { Badge, Group, SimpleGrid, Text } from "@mantine/core"
import { useRef } from "react"
import type { AnswerOf } from "../connection/line.ts"
import { call, newCommandId } from "../connection/sign-in.ts"
import { useCall } from "../connection/use-call.ts"
import { lengthOf, number } from "../format.ts"
import { Confirm } from "../parts/confirm.tsx"
import { Card, Empty, Fact, Failed, Page, Waiting } from "../parts/page.tsx"
import { May, useMay } from "../parts/permitted.tsx"
import { SessionLink } from "../parts/person.tsx"
import { type Column, Rows } from "../parts/rows.tsx"
import { Instant } from "../parts/time.tsx"
import { useWords } from "../parts/words.ts"
import { useText } from "../text/catalogue.ts"

type Letter = AnswerOf<"admin.push_dead_letters">["dead_letters"][number]
type Cost = AnswerOf<"admin.push_costs">["costs"][number]

const Replay = ({ id, label, onDone }: { id: string | null; label: string; onDone: () => void }) => {
  const text = useText()
  const command = useRef("")
  return (
    <Confirm
      size="xs"
      label={label}
      what={text.push.replay_what}
      onDone={onDone}
      onOpen={() => {
        command.current = newCommandId()
      }}
      run={() => call("admin.push_replay", { command_id: command.current, push_id: id })}
    />
  )
}

const Outbox = () => {
  const text = useText()
  const words = useWords()
  const { data, problem } = useCall("admin.push_outbox", {}, 4_000)
  if (data === null) return problem === null ? <Waiting /> : <Failed problem={problem} />
  return (
    <Card
      title={text.push.waiting}
      aside={
        <Group gap="xs">
          <Badge variant="light" color="gray" tt="none">{text.push.provider}: {data.provider}</Badge>
          {data.paused ? <Badge variant="light" color="orange" tt="none">{text.push.paused}</Badge> : null}
          {data.hold === null ?
            null :
            <Badge variant="light" color="red" tt="none">{text.push.hold}: {words(data.hold.reason)}</Badge>}
        </Group>
      }
    >
      {data.open.length === 0 ?
        <Empty>{text.push.empty}</Empty> :
        (
          <SimpleGrid cols={{ base: 2, sm: 5 }}>
            {data.open.map((one) => (
              <Fact key={one.kind} label={words(one.kind)}>
                {number(one.count)}, {text.push.oldest} {lengthOf(one.oldest_age_ms)}
              </Fact>
            ))}
          </SimpleGrid>
        )}
    </Card>
  )
}

const Dead = () => {
  const text = useText()
  const words = useWords()
  const mayReplay = useMay("write", "pushes")
  const { data, problem, reload } = useCall("admin.push_dead_letters", { before: null, limit: 100 })
  const letters = data?.dead_letters ?? []
  const columns: ReadonlyArray<Column<Letter>> = [
    { head: text.column.at, cell: (row) => <Instant at={row.died_at} isDayShown />, width: 190 },
    { head: text.column.what, cell: (row) => words(row.kind) },
    { head: text.column.who, cell: (row) => `${row.user_type} ${row.user_id.slice(-8)}` },
    { head: text.column.cause, cell: (row) => `${row.code} (${row.attempts})` },
    { head: text.column.session, cell: (row) => <SessionLink id={row.session_id} /> },
    ...(mayReplay
      ? [{
        head: text.column.actions,
        cell: (row: Letter) => <Replay id={row.push_id} label={text.push.replay} onDone={reload} />
      }]
      : [])
  ]
  return (
    <Card
      pad={false}
      title={`${text.push.dead} (${letters.length})`}
      aside={letters.length === 0
        ? null
        : (
          <May write="pushes">
            <Replay id={null} label={text.push.replay_all} onDone={reload} />
          </May>
        )}
    >
      <Failed problem={problem} />
      {letters.length === 0
        ? <Empty>{text.push.none_dead}</Empty>
        : <Rows label={text.push.dead} columns={columns} rows={letters} keyOf={(row) => row.push_id} />}
    </Card>
  )
}

const daysOf = (costs: ReadonlyArray<Cost>) => {
  const days = new Map<string, { sent: number; failed: number }>()
  for (const { day, failed, sent } of costs) {
    const sum = days.get(day) ?? { sent: 0, failed: 0 }
    days.set(day, { sent: sum.sent + sent, failed: sum.failed + failed })
  }
  return [...days]
}

const Costs = () => {
  const text = useText()
  const { data } = useCall("admin.push_costs", { days: 14 })
  const days = daysOf(data?.costs ?? [])
  const most = Math.max(1, ...days.map(([, { failed, sent }]) => sent + failed))
  return (
    <Card title={text.push.costs}>
      {days.length === 0 ?
        <Empty>{text.nothing}</Empty> :
        days.map(([day, { failed, sent }]) => (
          <Group key={day} gap="sm" mb={6} wrap="nowrap">
            <Text size="sm" className="tabular" w={96}>{day}</Text>
            <div className="bar" style={{ flex: 1 }}>
              <span style={{ width: `${((sent + failed) / most) * 100}%` }} />
            </div>
            <Text size="sm" w={190} className="tabular">
              {number(sent)} {text.push.sent}, {number(failed)} {text.push.failed}
            </Text>
          </Group>
        ))}
    </Card>
  )
}

const PushPage = () => {
  const text = useText()
  return (
    <Page title={text.nav.push}>
      <Outbox />
      <Dead />
      <Costs />
    </Page>
  )
}

export default PushPage
