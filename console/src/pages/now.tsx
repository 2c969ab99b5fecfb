// The first page: counts with their last hour, what needs somebody, running chats to the second, the queue.
// All of it from the one stream; nothing here asks the server by itself but the queue's estimates.
import { Group, SimpleGrid, Text, TextInput } from "@mantine/core"
import { useMemo, useState } from "react"
import type { LiveSessionView } from "../../../src/contract/staff/console.ts"
import { useLive } from "../connection/live.ts"
import { useCall } from "../connection/use-call.ts"
import { formFor, lengthOf } from "../format.ts"
import { Card, Empty, LiveOnly, Page, Waiting } from "../parts/page.tsx"
import { CustomerLink, MitraLink, ShortId } from "../parts/person.tsx"
import { type Column, Rows } from "../parts/rows.tsx"
import { Count } from "../parts/spark.tsx"
import { Status } from "../parts/status.tsx"
import { Countdown, Since } from "../parts/time.tsx"
import { to } from "../routes.ts"
import { useText } from "../text/catalogue.ts"
import type { Texts } from "../text/english.ts"

const counted = ["online", "available", "waiting", "active", "closing"] as const
const colours = {
  online: "#7048e8",
  available: "#12a150",
  waiting: "#1c7ed6",
  active: "#0c8599",
  closing: "#e8590c"
}

const Counts = () => {
  const { counts, history } = useLive()
  const text = useText()
  return (
    <SimpleGrid cols={{ base: 2, sm: 3, lg: 5 }} spacing="sm">
      {counted.map((name) => (
        <Count
          key={name}
          label={text.now[name]}
          value={counts?.[name] ?? null}
          colour={colours[name]}
          values={[...history.map((one) => one[name]), ...(counts === null ? [] : [counts[name]])]}
        />
      ))}
    </SimpleGrid>
  )
}

const needs = {
  stuck: to("health"),
  proposals: to("sessions"),
  failed_pairings: to("payments"),
  anomalies: to("payments"),
  dead_letters: to("push"),
  mirror_drift: to("health")
} as const

const Attention = () => {
  const { alerts } = useLive()
  const text = useText()
  if (alerts === null) return null
  const some = Object.entries(needs).filter(([name]) => alerts[name as keyof typeof needs] > 0)
  return (
    <Card title={text.now.attention}>
      {some.length === 0 ? <Text size="sm" c="dimmed">{text.now.all_well}</Text> : (
        <Group gap="lg">
          {some.map(([name, href]) => (
            <a key={name} className="plain" href={href}>
              <b>{alerts[name as keyof typeof needs]}</b>{" "}
              {formFor(alerts[name as keyof typeof needs], text.now[name as keyof typeof needs])}
            </a>
          ))}
        </Group>
      )}
    </Card>
  )
}

const Left = ({ session }: { session: LiveSessionView }) =>
  session.ends_at !== null
    ? <Countdown to={session.ends_at} />
    : session.status === "extending"
    ? <Text size="sm" c="dimmed">–</Text>
    : (
      <Text size="sm" c="dimmed" component="span">
        <Countdown to={session.deadline_at} />
      </Text>
    )

const chatColumns = (text: Texts): ReadonlyArray<Column<LiveSessionView>> => [
  {
    head: text.column.customer,
    cell: (row) => <CustomerLink id={row.customer_id} name={row.customer_name} />
  },
  { head: text.column.mitra, cell: (row) => <MitraLink id={row.mitra_id} name={row.mitra_name} /> },
  { head: text.column.state, cell: (row) => <Status of={row.status} /> },
  { head: text.column.left, cell: (row) => <Left session={row} />, isRight: true, width: 90 },
  {
    head: text.column.unread,
    cell: (row) => <span className="tabular">{row.unread_customer} / {row.unread_mitra}</span>,
    isRight: true,
    width: 90
  },
  { head: text.column.runner, cell: (row) => <Text size="xs" c="dimmed">{row.owner_runner ?? "–"}</Text> },
  { head: text.column.session, cell: (row) => <ShortId id={row.session_id} />, width: 110 }
]

const isRunning = ({ status }: LiveSessionView) => ["active", "extending", "closing"].includes(status)
const isSearched = ({ customer_name, mitra_name, session_id }: LiveSessionView, search: string): boolean =>
  `${customer_name} ${mitra_name ?? ""} ${session_id}`.toLowerCase().includes(search)

const endOf = ({ deadline_at, ends_at }: LiveSessionView): string => ends_at ?? deadline_at

const Chats = () => {
  const { sessions } = useLive()
  const text = useText()
  const [search, setSearch] = useState("")
  const columns = useMemo(() => chatColumns(text), [text])
  const rows = useMemo(() =>
    [...sessions?.values() ?? []]
      .filter((row) => isRunning(row) && isSearched(row, search.trim().toLowerCase()))
      .toSorted((a, b) => endOf(a) < endOf(b) ? -1 : 1), [sessions, search])
  return (
    <Card
      pad={false}
      title={`${text.now.chats} (${rows.length})`}
      aside={
        <TextInput
          size="xs"
          placeholder={text.now.filter}
          aria-label={text.now.filter}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
      }
    >
      {sessions === null
        ? <Waiting />
        : rows.length === 0
        ? <Empty>{text.now.no_chats}</Empty>
        : (
          <Rows
            label={text.now.chats}
            columns={columns}
            rows={rows}
            keyOf={(row) => row.session_id}
            linkOf={(row) => ["sessions", row.session_id]}
          />
        )}
    </Card>
  )
}

/** As the server orders them. */
const placeOf = ({ requested_at, session_id }: LiveSessionView): string => `${requested_at} ${session_id}`

const Queue = () => {
  const { sessions } = useLive()
  const text = useText()
  const waiting = useMemo(() =>
    [...sessions?.values() ?? []].filter((row) => !isRunning(row))
      .toSorted((a, b) => placeOf(a) < placeOf(b) ? -1 : 1), [sessions])
  const { data } = useCall("admin.queue", waiting.length === 0 ? null : { limit: 50 }, 5_000)
  const estimates = new Map(data?.queue.map((one) => [one.session.session_id, one.estimated_wait_seconds]))
  const columns: ReadonlyArray<Column<LiveSessionView>> = [
    { head: text.column.place, cell: (row) => waiting.indexOf(row) + 1 || "–", width: 50 },
    {
      head: text.column.customer,
      cell: (row) => <CustomerLink id={row.customer_id} name={row.customer_name} />
    },
    { head: text.column.state, cell: (row) => <Status of={row.status} /> },
    { head: text.column.waited, cell: (row) => <Since at={row.requested_at} /> },
    {
      head: text.now.wait_estimate,
      cell: (row) => {
        const seconds = estimates.get(row.session_id) ?? null
        return seconds === null ? "–" : `~ ${lengthOf(seconds * 1000)}`
      }
    },
    { head: text.now.offers_open, cell: (row) => `${row.offers_open} / ${row.offers}`, isRight: true }
  ]
  return (
    <Card pad={false} title={`${text.now.queue} (${waiting.length})`}>
      {waiting.length === 0
        ? <Empty>{text.now.no_queue}</Empty>
        : (
          <Rows
            label={text.now.queue}
            columns={columns}
            rows={waiting}
            keyOf={(row) => row.session_id}
            height={300}
            linkOf={(row) => ["sessions", row.session_id]}
          />
        )}
    </Card>
  )
}

export const NowPage = () => {
  const text = useText()
  return (
    <Page title={text.nav.now} lead={text.now.lead}>
      <LiveOnly>
        <div className="stack">
          <Counts />
          <Attention />
          <Chats />
          <Queue />
        </div>
      </LiveOnly>
    </Page>
  )
}
