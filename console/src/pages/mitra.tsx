// One mitra: her three facts, her chats, how she answers, her online log, and what staff may do.
import { Group, MultiSelect, SimpleGrid, Text } from "@mantine/core"
import { useRef, useState } from "react"
import type { AnswerOf } from "../connection/line.ts"
import { languages as allLanguages } from "../../../src/domain/matching.ts"
import { topics as allTopics } from "../../../src/domain/session/state.ts"
import { call, newCommandId } from "../connection/sign-in.ts"
import { useCall } from "../connection/use-call.ts"
import { lengthOf } from "../format.ts"
import { Confirm } from "../parts/confirm.tsx"
import { Card, Empty, Fact, Failed, Page, Waiting } from "../parts/page.tsx"
import { May } from "../parts/permitted.tsx"
import { SessionLink } from "../parts/person.tsx"
import { Presence } from "../parts/status.tsx"
import { Instant, Since } from "../parts/time.tsx"
import { useWords } from "../parts/words.ts"
import { useText } from "../text/catalogue.ts"
import { Rename } from "./mitra-rename.tsx"

type Mitra = AnswerOf<"admin.inspect_mitra">

const Profile = ({ mitra, onDone }: { mitra: Mitra; onDone: () => void }) => {
  const { mitra: text } = useText()
  const [languages, setLanguages] = useState<Array<string>>([...mitra.languages])
  const [topics, setTopics] = useState<Array<string>>([...mitra.topics])
  return (
    <Confirm
      label={text.profile}
      what={text.profile_what}
      onDone={onDone}
      isReady={languages.length > 0 && topics.length > 0}
      run={() =>
        call("admin.mitra_profile", {
          mitra_id: mitra.mitra_id,
          languages: allLanguages.filter((one) => languages.includes(one)),
          topics: allTopics.filter((one) => topics.includes(one))
        })}
    >
      <MultiSelect label={text.languages} data={allLanguages} value={languages} onChange={setLanguages} />
      <MultiSelect label={text.topics} data={allTopics} value={topics} onChange={setTopics} />
    </Confirm>
  )
}

const Change = ({ colour, label, mitra, onDone, tag, what }: {
  mitra: Mitra
  tag:
    | "admin.activate_mitra"
    | "admin.deactivate_mitra"
    | "admin.force_offline"
    | "admin.lift_hold"
    | "admin.drain_mitra"
    | "admin.undo_drain"
  label: string
  what: string
  colour: string
  onDone: () => void
}) => {
  const command = useRef("")
  return (
    <Confirm
      label={label}
      what={what}
      colour={colour}
      onDone={onDone}
      onOpen={() => {
        command.current = newCommandId()
      }}
      run={() => call(tag, { command_id: command.current, mitra_id: mitra.mitra_id })}
    />
  )
}

/** Taking her out of service gently, and what staff's word holds back. */
const Service = ({ mitra, reload }: { mitra: Mitra; reload: () => void }) => {
  const { mitra: text } = useText()
  return (
    <>
      {mitra.hold === null ? null : (
        <Change
          mitra={mitra}
          tag="admin.lift_hold"
          label={text.lift_hold}
          what={text.lift_hold_what}
          colour="green"
          onDone={reload}
        />
      )}
      {mitra.is_draining
        ? (
          <Change
            mitra={mitra}
            tag="admin.undo_drain"
            label={text.undo_drain}
            what={text.undo_drain_what}
            colour="green"
            onDone={reload}
          />
        )
        : mitra.is_online
        ? (
          <Change
            mitra={mitra}
            tag="admin.drain_mitra"
            label={text.drain}
            what={text.drain_what}
            colour="orange"
            onDone={reload}
          />
        )
        : null}
    </>
  )
}

const Actions = ({ mitra, reload }: { mitra: Mitra; reload: () => void }) => {
  const { mitra: text } = useText()
  return (
    <May write="mitras">
      <Rename mitraId={mitra.mitra_id} name={mitra.display_name} onDone={reload} />
      <Profile mitra={mitra} onDone={reload} />
      <Service mitra={mitra} reload={reload} />
      {mitra.is_online
        ? (
          <Change
            mitra={mitra}
            tag="admin.force_offline"
            label={text.force_offline}
            what={text.force_offline_what}
            colour="orange"
            onDone={reload}
          />
        )
        : null}
      {mitra.is_active
        ? (
          <Change
            mitra={mitra}
            tag="admin.deactivate_mitra"
            label={text.deactivate}
            what={text.deactivate_what}
            colour="red"
            onDone={reload}
          />
        )
        : (
          <Change
            mitra={mitra}
            tag="admin.activate_mitra"
            label={text.activate}
            what={text.activate_what}
            colour="green"
            onDone={reload}
          />
        )}
    </May>
  )
}

const Activity = ({ id }: { id: string }) => {
  const text = useText()
  const words = useWords()
  const { data, problem } = useCall("admin.mitra_activity", { mitra_id: id, days: 30 })
  if (data === null) return problem === null ? <Waiting /> : <Failed problem={problem} />
  const percent = data.acceptance_rate === null ? "–" : `${Math.round(data.acceptance_rate * 100)} %`
  const median = data.response_ms_median === null ? "–" : lengthOf(data.response_ms_median)
  return (
    <SimpleGrid cols={{ base: 2, sm: 4 }}>
      <Fact label={text.mitra.acceptance}>{percent}</Fact>
      <Fact label={text.mitra.response}>{median}</Fact>
      <Fact label={text.column.offers}>{data.offers}</Fact>
      {(["accepted", "declined", "missed", "run_out", "called_off", "chats"] as const).map((name) => (
        <Fact key={name} label={words(name)}>{data[name]}</Fact>
      ))}
    </SimpleGrid>
  )
}

const Log = ({ log }: { log: Mitra["online_log"] }) => {
  const text = useText()
  const words = useWords()
  return (
    <Card title={text.mitra.log}>
      {log.length === 0 ?
        <Empty>{text.nothing}</Empty> :
        log.map((entry) => (
          <Text size="sm" key={entry.at} component="div">
            <Instant at={entry.at} isDayShown /> {entry.is_online ? text.online : text.offline}{" "}
            <Text span c="dimmed" size="sm">{words(entry.cause)}</Text>
          </Text>
        ))}
    </Card>
  )
}

const MitraPage = ({ id }: { id: string }) => {
  const text = useText()
  const words = useWords()
  const { data: mitra, problem, reload } = useCall("admin.inspect_mitra", { mitra_id: id }, 5_000)
  if (mitra === null) return problem === null ? <Waiting /> : <Failed problem={problem} />
  const { connected, declared_online, push_reachable } = mitra.presence
  return (
    <Page
      title={mitra.display_name}
      actions={<Actions mitra={mitra} reload={reload} />}
      lead={
        <Group gap="xs" mt={4}>
          <Presence connected={connected} declared={declared_online} push={push_reachable} />
          {mitra.is_active ? null : <Text c="red" size="sm">{text.mitra.inactive}</Text>}
          {mitra.is_draining ? <Text c="orange" size="sm">{text.mitra.draining}</Text> : null}
          {mitra.hold === null ? null : (
            <Text c="orange" size="sm">
              {mitra.hold.until === null
                ? text.mitra.held
                : (
                  <>
                    {text.mitra.held_until} <Instant at={mitra.hold.until} />
                  </>
                )}
            </Text>
          )}
        </Group>
      }
    >
      <Card title={text.session.facts}>
        <SimpleGrid cols={{ base: 2, sm: 4 }}>
          <Fact label={text.mitra.chats}>
            {mitra.sessions.length === 0 ? "–" : mitra.sessions.map((one) => (
              <div key={one.session_id}>
                <SessionLink id={one.session_id} />
              </div>
            ))}
          </Fact>
          <Fact label={text.now.offers_open}>
            {mitra.open_offers.length === 0 ? "–" : mitra.open_offers.map((one) => (
              <div key={one}>
                <SessionLink id={one} />
              </div>
            ))}
          </Fact>
          <Fact label={text.column.since}>
            <Since at={mitra.online_since} />
          </Fact>
          <Fact label={text.mitra.languages}>{mitra.languages.join(", ")}</Fact>
          <Fact label={text.mitra.topics}>{mitra.topics.map(words).join(", ")}</Fact>
          <Fact label={text.mitra.heartbeat}>
            <Since at={mitra.last_heartbeat_at} />
          </Fact>
          <Fact label={text.session.owner}>
            {mitra.owner_runner ?? "–"} · {text.session.epoch} {mitra.owner_epoch}
          </Fact>
        </SimpleGrid>
      </Card>
      <Card title={text.mitra.activity}>
        <Activity id={id} />
      </Card>
      <Log log={mitra.online_log} />
    </Page>
  )
}

export default MitraPage
