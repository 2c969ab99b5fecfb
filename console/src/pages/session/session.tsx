// One session: where it stands, who was asked and who won, the paid time as a bar, what happened, and what
// staff may do about it. Read again whenever the stream says that it changed.
import { Alert, Group, SimpleGrid, Text } from "@mantine/core"
import { useEffect } from "react"
import { useLive } from "../../connection/live.ts"
import type { AnswerOf } from "../../connection/line.ts"
import { useCall } from "../../connection/use-call.ts"
import { lengthOf } from "../../format.ts"
import { Card, Fact, Failed, Page, Waiting } from "../../parts/page.tsx"
import { May } from "../../parts/permitted.tsx"
import { CustomerLink, MitraLink } from "../../parts/person.tsx"
import { Status } from "../../parts/status.tsx"
import { Countdown, Instant } from "../../parts/time.tsx"
import { useWords } from "../../parts/words.ts"
import { useText } from "../../text/catalogue.ts"
import { ForceClose, Reroute } from "./actions.tsx"
import { Blast } from "./blast.tsx"
import { LedgerBar } from "./ledger-bar.tsx"
import { Timeline } from "./timeline.tsx"

export type Inspection = AnswerOf<"admin.inspect_session">

const Receipts = ({ session }: Pick<Inspection, "session">) => {
  const text = useText()
  const side = (name: "customer" | "mitra") =>
    `${text.session[name]}: ${text.session.read_up_to} ${
      session.cursors[name].read_seq
    } ${text.session.of} ${session.last_seq}`
  return (
    <>
      {side("customer")}
      <br />
      {side("mitra")}
    </>
  )
}

const Facts = ({ inspection }: { inspection: Inspection }) => {
  const text = useText()
  const words = useWords()
  const { deadline_at, first_reply_ms, owner_epoch, owner_runner, session } = inspection
  return (
    <Card title={text.session.facts}>
      <SimpleGrid cols={{ base: 2, sm: 3 }} spacing="sm">
        <Fact label={text.column.minutes}>
          {lengthOf(session.duration_seconds * 1000)} · {words(session.mode)}
        </Fact>
        <Fact label={text.column.what}>{words(session.kind)} · {words(session.topic)}</Fact>
        <Fact label={text.session.deadline}>
          <Instant at={deadline_at} />
        </Fact>
        <Fact label={text.session.first_reply}>
          {first_reply_ms === null ? "–" : lengthOf(first_reply_ms)}
        </Fact>
        <Fact label={text.session.owner}>
          {owner_runner ?? "–"} · {text.session.epoch} {owner_epoch}
        </Fact>
        <Fact label={text.session.receipts}>
          <Receipts session={session} />
        </Fact>
        <Fact label={text.column.ended}>
          <Instant at={session.ended_at} />{" "}
          {session.end_reason === null ? null : `${words(session.end_reason)} (${session.ended_by})`}
        </Fact>
      </SimpleGrid>
    </Card>
  )
}

const HandOvers = ({ assignments }: Pick<Inspection, "assignments">) => {
  const text = useText()
  if (assignments.length < 2) return null
  return (
    <Card title={text.session.hand_overs}>
      {assignments.map((one) => (
        <Text size="sm" key={`${one.mitra_id} ${one.started_at} ${one.left_seq}`} component="div">
          <MitraLink id={one.mitra_id} name={one.mitra_name} /> <Instant at={one.started_at} /> –{" "}
          <Instant at={one.ended_at} />
          {one.reason === null ? null : <Text span c="dimmed" size="sm">{" "}({one.reason})</Text>}
        </Text>
      ))}
    </Card>
  )
}

const Lead = ({ inspection: { customer_id, session } }: { inspection: Inspection }) => (
  <Group gap="xs" mt={4}>
    <Status of={session.status} />
    <CustomerLink id={customer_id} name={session.customer_name} /> →
    <MitraLink id={session.mitra_id} name={session.mitra_name} />
    {session.ends_at === null ?
      null :
      (
        <Text fw={700} size="lg" c="var(--mantine-color-text)" data-testid="time-left">
          <Countdown to={session.ends_at} />
        </Text>
      )}
  </Group>
)

const Shown = ({ inspection, reload }: { inspection: Inspection; reload: () => void }) => {
  const text = useText()
  const words = useWords()
  const { absence, session } = inspection
  const isAlive = session.ended_at === null
  return (
    <Page
      title={`${text.session.title} ${session.session_id.slice(-8)}`}
      lead={<Lead inspection={inspection} />}
      actions={isAlive
        ? (
          <May write="sessions">
            {session.status === "active" ? <Reroute inspection={inspection} onDone={reload} /> : null}
            <ForceClose sessionId={session.session_id} onDone={reload} />
          </May>
        )
        : null}
    >
      {absence === null ?
        null :
        (
          <Alert color="orange" variant="light" title={`${text.session.absent}: ${words(absence.cause)}`}>
            <Instant at={absence.since} />
          </Alert>
        )}
      <LedgerBar ledger={inspection.ledger} />
      <Blast offers={inspection.offers} />
      <HandOvers assignments={inspection.assignments} />
      <Facts inspection={inspection} />
      <Timeline
        sessionId={session.session_id}
        requestedAt={session.requested_at}
        version={session.last_seq}
      />
    </Page>
  )
}

const SessionPage = ({ id }: { id: string }) => {
  const { data, problem, reload } = useCall("admin.inspect_session", { session_id: id })
  const line = useLive().sessions?.get(id)
  useEffect(reload, [line, reload])
  if (problem !== null && data === null) return <Failed problem={problem} />
  return data === null ? <Waiting /> : <Shown inspection={data} reload={reload} />
}

export default SessionPage
