// What staff may do about a running chat: give it to another mitra, or end it. Each says what will happen,
// and asks for the reason that the audit log keeps.
import { Radio, Stack, Text } from "@mantine/core"
import { useRef, useState } from "react"
import { call, newCommandId } from "../../connection/sign-in.ts"
import { useCall } from "../../connection/use-call.ts"
import { Confirm } from "../../parts/confirm.tsx"
import { Failed, Waiting } from "../../parts/page.tsx"
import { useText } from "../../text/catalogue.ts"
import type { Inspection } from "./session.tsx"

const Candidates = ({ chosen, onChoose, sessionId }: {
  sessionId: string
  chosen: string | null
  onChoose: (id: string) => void
}) => {
  const text = useText()
  const { data, problem } = useCall("admin.session_candidates", { session_id: sessionId, limit: 50 }, 5_000)
  if (data === null) return problem === null ? <Waiting /> : <Failed problem={problem} />
  if (data.candidates.length === 0) return <Text size="sm" c="dimmed">{text.session.no_candidates}</Text>
  return (
    <Radio.Group label={text.session.to_whom} value={chosen} onChange={(id) => onChoose(String(id))}>
      <Stack gap={6} mt={4} mah={220} style={{ overflow: "auto" }}>
        {data.candidates.map((one) => (
          <Radio
            key={one.mitra_id}
            value={one.mitra_id}
            label={`${one.mitra_name} (${one.sessions} / ${one.sessions + one.free_slots})`}
          />
        ))}
      </Stack>
    </Radio.Group>
  )
}

export const Reroute = (
  { inspection: { session }, onDone }: { inspection: Inspection; onDone: () => void }
) => {
  const text = useText()
  const [chosen, setChosen] = useState<string | null>(null)
  const command = useRef("")
  const run = (reason: string) =>
    call("admin.reroute", {
      command_id: command.current,
      session_id: session.session_id,
      from_mitra_id: session.mitra_id ?? "",
      mitra_id: chosen ?? "",
      reason
    })
  return (
    <Confirm
      label={text.session.reroute}
      what={text.session.reroute_what}
      isReasonAsked
      run={run}
      onDone={onDone}
      isReady={chosen !== null}
      onOpen={() => {
        command.current = newCommandId()
        setChosen(null)
      }}
    >
      <Candidates sessionId={session.session_id} chosen={chosen} onChoose={setChosen} />
    </Confirm>
  )
}

export const ForceClose = ({ onDone, sessionId }: { sessionId: string; onDone: () => void }) => {
  const text = useText()
  const command = useRef("")
  return (
    <Confirm
      label={text.session.force_close}
      what={text.session.force_close_what}
      colour="red"
      isReasonAsked
      onOpen={() => {
        command.current = newCommandId()
      }}
      onDone={onDone}
      run={(reason) =>
        call("admin.force_close", { command_id: command.current, session_id: sessionId, reason })}
    />
  )
}
