// The state of the service: runners and their drain, what the server stands on, how honest the mirror is,
// what the sweeps did, and how the journal fares.
import { Badge, Group, SimpleGrid, Stack, Table, Text } from "@mantine/core"
import { useEffect, useState } from "react"
import type { AnswerOf } from "../connection/line.ts"
import { call } from "../connection/sign-in.ts"
import { useCall } from "../connection/use-call.ts"
import { counted, lengthOf, number, words } from "../format.ts"
import { Confirm } from "../parts/confirm.tsx"
import { Card, Fact, Failed, Page, Waiting } from "../parts/page.tsx"
import { May } from "../parts/permitted.tsx"
import { Spark } from "../parts/spark.tsx"
import { Instant, Since } from "../parts/time.tsx"
import { useText } from "../text/catalogue.ts"
import { StuckSessions } from "./stuck-sessions.tsx"

type Health = AnswerOf<"admin.health">

const Well = ({ is, no, yes }: { is: boolean; yes: string; no: string }) => (
  <Badge variant="light" color={is ? "green" : "red"} tt="none">{is ? yes : no}</Badge>
)

const Runners = ({ health: { runners }, reload }: { health: Health; reload: () => void }) => {
  const { health: text } = useText()
  const { answering } = runners
  return (
    <Card title={text.runners}>
      <Stack gap="xs">
        {runners.runners.map((runner) => (
          <Group key={runner.address} justify="space-between">
            <Group gap="sm">
              <Text ff="monospace" size="sm">{runner.address}</Text>
              <Well is={runner.is_healthy} yes={text.healthy} no={text.unhealthy} />
              {!runner.is_answering ? null : (
                <Text size="sm" c="dimmed" component="span">
                  {text.answering} · {counted(answering.public_connections, text.connections)} ·{" "}
                  <Since at={answering.started_at} />
                </Text>
              )}
              {runner.is_answering && answering.is_draining
                ? <Badge color="orange" variant="light" tt="none">{text.draining}</Badge>
                : null}
            </Group>
            {!runner.is_answering ? null : (
              <May write="system">
                <Confirm
                  size="xs"
                  colour="red"
                  label={text.drain}
                  onDone={reload}
                  what={`${text.drain_what} (${counted(answering.public_connections, text.connections)})`}
                  run={() => call("admin.drain_runner", { address: runner.address })}
                />
              </May>
            )}
          </Group>
        ))}
      </Stack>
    </Card>
  )
}

const Stores = ({ health }: { health: Health }) => {
  const { health: text } = useText()
  const { bus, mirror, postgres } = health
  const latency = (ms: number | null) => ms === null ? "" : `${ms.toFixed(1)} ms`
  return (
    <Card title={text.stores}>
      <SimpleGrid cols={{ base: 2, sm: 4 }}>
        <Fact label="PostgreSQL">
          <Well is={postgres.answers} yes={text.answers} no={text.silent} /> {latency(postgres.latency_ms)}
        </Fact>
        <Fact label="Valkey">
          {mirror.state === "off" ? "–" : (
            <>
              <Well is={mirror.state === "up"} yes={mirror.state} no={mirror.state} />{" "}
              {latency(mirror.latency_ms)}
            </>
          )}
        </Fact>
        <Fact label={text.bus}>
          {text.since} <Instant at={bus.connected_since} /> · {number(bus.dropped)} {text.dropped}
        </Fact>
        <Fact label={text.outbox}>{number(health.push.open.reduce((sum, one) => sum + one.count, 0))}</Fact>
        <Fact label={text.watchers}>{health.watchers}</Fact>
      </SimpleGrid>
    </Card>
  )
}

/** The difference now, and the last few minutes of it. */
const Mirror = ({ health: { mirror }, reload }: { health: Health; reload: () => void }) => {
  const { health: text } = useText()
  const [drifts, setDrifts] = useState<ReadonlyArray<number>>([])
  const drifted = mirror.drift?.drifted ?? null
  useEffect(() => {
    if (drifted !== null) setDrifts((before) => [...before, drifted].slice(-60))
  }, [mirror, drifted])
  return (
    <Card
      title={text.mirror}
      aside={mirror.state === "off" ? null : (
        <May write="system">
          <Confirm
            size="xs"
            label={text.reseed}
            what={text.reseed_what}
            onDone={reload}
            run={() => call("admin.reseed_mirror", {})}
          />
        </May>
      )}
    >
      {mirror.state === "off" ? <Text size="sm">{text.off}</Text> : (
        <>
          <Group gap="md" align="center" wrap="nowrap">
            <Text fw={750} fz={34} c={drifted === 0 ? "green" : "red"} className="tabular">
              {drifted ?? "?"}
            </Text>
            <Text size="sm">{drifted === 0 ? text.honest : text.drifted}</Text>
            <div style={{ flex: 1, maxWidth: 260 }}>
              <Spark values={drifts} colour="#e03131" label={text.drifted} />
            </div>
          </Group>
          <SimpleGrid cols={{ base: 2, sm: 6 }} mt="sm">
            <Fact label={text.breaker}>
              <Well is={mirror.state === "up"} yes={text.breaker_shut} no={words(mirror.state)} />
            </Fact>
            <Fact label="Postgres">{mirror.drift?.rows ?? "?"}</Fact>
            <Fact label="Valkey">{mirror.drift?.keys ?? "?"}</Fact>
            <Fact label={text.fallbacks}>{number(mirror.fallbacks)}</Fact>
            <Fact label={text.writes_lost}>{number(mirror.writes_lost)}</Fact>
            <Fact label={text.last_reseed}>
              <Instant at={mirror.last_seed?.at ?? null} />
            </Fact>
          </SimpleGrid>
          {mirror.last_error === null ? null : <Text size="xs" c="dimmed" mt="xs">{mirror.last_error}</Text>}
        </>
      )}
    </Card>
  )
}

const didOf = (did: Health["sweeps"][number]["did"], failed: string): string =>
  did === null ? failed : Object.entries(did).map(([name, count]) => `${words(name)} ${count}`).join(", ")

const Sweeps = ({ health: { sweeps } }: { health: Health }) => {
  const text = useText()
  return (
    <Card pad={false} title={text.health.sweeps}>
      <Table.ScrollContainer minWidth={560}>
        <table className="rows" aria-label={text.health.sweeps}>
          <thead>
            <tr>
              <th scope="col">{text.column.what}</th>
              <th scope="col">{text.column.at}</th>
              <th scope="col">{text.column.took}</th>
              <th scope="col">{text.column.after}</th>
            </tr>
          </thead>
          <tbody>
            {sweeps.toSorted((a, b) => a.sweep < b.sweep ? -1 : 1).map((one) => (
              <tr key={one.sweep}>
                <td>{words(one.sweep)}</td>
                <td>
                  <Instant at={one.at} />
                </td>
                <td>{lengthOf(one.took_ms)}</td>
                <td className="wide">
                  <Text size="xs" c={one.did === null ? "red" : "dimmed"}>
                    {didOf(one.did, text.health.failed)}
                  </Text>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Table.ScrollContainer>
    </Card>
  )
}

const Work = ({ health: { journal, mailboxes } }: { health: Health }) => {
  const { health: text } = useText()
  const few = (value: number) => value.toFixed(1).replace(/\.0$/, "")
  const shown = (of: Health["journal"]["group_ms"], unit: (value: number) => string) =>
    of === null
      ? "–"
      : `${text.mean} ${unit(of.mean)}, ${text.max} ${unit(of.max)} (${counted(of.count, text.times)})`
  return (
    <Card title={text.work}>
      <SimpleGrid cols={{ base: 1, sm: 3 }}>
        <Fact label={text.group}>{shown(journal.group_turns, few)}</Fact>
        <Fact label={text.group_time}>{shown(journal.group_ms, (value) => `${few(value)} ms`)}</Fact>
        <Fact label={text.turn_wait}>{shown(journal.turn_wait_ms, (value) => `${few(value)} ms`)}</Fact>
        <Fact label={text.mailbox_calls}>{number(mailboxes.calls)}</Fact>
        <Fact label={text.mailbox_depth}>{shown(mailboxes.depth, few)}</Fact>
      </SimpleGrid>
    </Card>
  )
}

const HealthPage = () => {
  const text = useText()
  const { data, problem, reload } = useCall("admin.health", {}, 3_000)
  if (data === null) return problem === null ? <Waiting /> : <Failed problem={problem} />
  return (
    <Page title={text.nav.health} lead={text.health.lead}>
      <Failed problem={problem} />
      <Runners health={data} reload={reload} />
      <Stores health={data} />
      <Mirror health={data} reload={reload} />
      <StuckSessions />
      <Work health={data} />
      <Sweeps health={data} />
    </Page>
  )
}

export default HealthPage
