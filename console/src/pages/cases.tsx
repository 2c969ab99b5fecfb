// Reports: the open ones and those that are resolved, and beside the list the one that was opened, with what
// was said sealed to it. Reading a report is audited by the server, so nothing is opened unasked.
import { Badge, Group, SegmentedControl, Stack, Text, Textarea } from "@mantine/core"
import { useState } from "react"
import type { AnswerOf } from "../connection/line.ts"
import { call } from "../connection/sign-in.ts"
import { useCall } from "../connection/use-call.ts"
import { Confirm } from "../parts/confirm.tsx"
import { Card, Empty, Fact, Failed, Page, Waiting } from "../parts/page.tsx"
import { May } from "../parts/permitted.tsx"
import { CustomerLink, MitraLink, SessionLink } from "../parts/person.tsx"
import { type Column, Rows } from "../parts/rows.tsx"
import { Instant } from "../parts/time.tsx"
import { useWords } from "../parts/words.ts"
import { useText } from "../text/catalogue.ts"

type Line = AnswerOf<"admin.cases">["cases"][number]
type Whole = AnswerOf<"admin.case">

const outcomes = ["dismissed", "warned", "paused"] as const

const Customer = ({ of }: { of: Line }) => <CustomerLink id={of.customer_id} name={of.customer_name} />
const Mitra = ({ of }: { of: Line }) => <MitraLink id={of.mitra_id} name={of.mitra_name} />
const Reporter = ({ of }: { of: Line }) =>
  of.by_side === "customer" ? <Customer of={of} /> : <Mitra of={of} />
const Reported = ({ of }: { of: Line }) =>
  of.by_side === "customer" ? <Mitra of={of} /> : <Customer of={of} />

const Evidence = ({ of }: { of: Whole }) => {
  const text = useText()
  if (of.evidence.length === 0) return <Text size="sm" c="dimmed">{text.cases.no_evidence}</Text>
  return (
    <Stack gap={4} component="ol" style={{ listStyle: "none", margin: 0, padding: 0 }}>
      {of.evidence.map((said) => (
        <Text size="sm" component="li" key={said.seq}>
          <Text span size="xs" c="dimmed">
            <Instant at={said.sent_at} />
          </Text>{" "}
          <b>{said.side === "customer" ? of.customer_name : of.mitra_name}:</b> {said.body}
        </Text>
      ))}
    </Stack>
  )
}

const Outcomes = ({ of, onDone }: { of: Whole; onDone: () => void }) => {
  const text = useText()
  const [note, setNote] = useState("")
  return (
    <Stack gap="xs">
      <Textarea
        label={text.cases.note}
        value={note}
        maxLength={500}
        autosize
        minRows={2}
        required
        onChange={(event) => setNote(event.currentTarget.value)}
      />
      <Group gap="xs">
        {outcomes.map((resolution) => (
          <Confirm
            key={resolution}
            label={text.cases[resolution]}
            what={text.cases[`${resolution}_what`]}
            colour={resolution === "paused" ? "red" : "violet"}
            isReady={note.trim() !== ""}
            onDone={onDone}
            run={() => call("admin.case_resolve", { case_id: of.case_id, resolution, note: note.trim() })}
          />
        ))}
      </Group>
    </Stack>
  )
}

const liftOf = (of: Whole) =>
  of.by_side === "customer"
    ? { user_type: "mitra" as const, user_id: of.mitra_id }
    : { user_type: "customer" as const, user_id: of.customer_id }

const Case = ({ id, onChange }: { id: string; onChange: () => void }) => {
  const text = useText()
  const words = useWords()
  const { data, problem, reload } = useCall("admin.case", { case_id: id })
  if (data === null) return problem === null ? <Waiting /> : <Failed problem={problem} />
  const done = () => {
    reload()
    onChange()
  }
  return (
    <Card
      title={words(data.reason)}
      aside={data.is_paused
        ? <Badge color="red" variant="light" tt="none">{text.cases.is_paused}</Badge>
        : null}
    >
      <Stack gap="md">
        <Group gap="xl">
          <Fact label={text.cases.about}>
            <Reported of={data} />
          </Fact>
          <Fact label={text.cases.by}>
            <Reporter of={data} />
          </Fact>
          <Fact label={text.column.session}>
            <SessionLink id={data.session_id} />
          </Fact>
        </Group>
        <div>
          <Text size="xs" c="dimmed">{text.cases.words}</Text>
          <Text size="sm">{data.words}</Text>
        </div>
        <div>
          <Text size="xs" c="dimmed">{text.cases.evidence}</Text>
          <Evidence of={data} />
        </div>
        {data.resolution === null
          ? (
            <May write="cases">
              <Outcomes of={data} onDone={done} />
            </May>
          )
          : <Fact label={text.cases.outcome}>{words(data.resolution)}</Fact>}
        {data.is_paused
          ? (
            <May write="cases">
              <div>
                <Confirm
                  label={text.cases.lift}
                  what={text.cases.lift_what}
                  onDone={done}
                  run={() => call("admin.pause_lift", liftOf(data))}
                />
              </div>
            </May>
          )
          : null}
      </Stack>
    </Card>
  )
}

const CasesPage = ({ id }: { id: string | null }) => {
  const text = useText()
  const words = useWords()
  const [isOpen, setOpen] = useState(true)
  const { data, problem, reload } = useCall("admin.cases", { open: isOpen, before: null, limit: 100 }, 10_000)
  const cases = data?.cases ?? []
  const columns: ReadonlyArray<Column<Line>> = [
    { head: text.column.at, cell: (row) => <Instant at={row.created_at} isDayShown />, width: 190 },
    { head: text.cases.reason, cell: (row) => words(row.reason) },
    { head: text.cases.about, cell: (row) => <Reported of={row} /> },
    { head: text.cases.by, cell: (row) => <Reporter of={row} /> },
    { head: text.cases.outcome, cell: (row) => row.resolution === null ? "" : words(row.resolution) }
  ]
  const shown = isOpen ? "open" : "resolved"
  return (
    <Page
      title={text.nav.cases}
      lead={text.cases.lead}
      actions={
        <SegmentedControl
          aria-label={text.column.state}
          value={shown}
          onChange={(value) => setOpen(value === "open")}
          data={[{ value: "open", label: text.cases.open }, {
            value: "resolved",
            label: text.cases.resolved
          }]}
        />
      }
    >
      <Failed problem={problem} />
      <Card pad={false}>
        {cases.length === 0
          ? <Empty>{text.cases.none}</Empty>
          : (
            <Rows
              label={text.nav.cases}
              columns={columns}
              rows={cases}
              keyOf={(row) => row.case_id}
              linkOf={(row) => ["cases", row.case_id]}
              height={320}
            />
          )}
      </Card>
      {id === null
        ? cases.length === 0 ? null : <Empty>{text.cases.pick}</Empty>
        : <Case key={id} id={id} onChange={reload} />}
    </Page>
  )
}

export default CasesPage
