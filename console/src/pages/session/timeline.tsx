// What happened to a session, in order. Messages are ticks, one per message and coloured by who sent it:
// their words are nobody's business here.
import { Text } from "@mantine/core"
import type { AnswerOf } from "../../connection/line.ts"
import { useCall } from "../../connection/use-call.ts"
import { useEffect } from "react"
import { counted, lengthOf, money, words } from "../../format.ts"
import { Card, Failed, Waiting } from "../../parts/page.tsx"
import { Instant } from "../../parts/time.tsx"
import { useWords } from "../../parts/words.ts"
import { useText } from "../../text/catalogue.ts"

type Entry = AnswerOf<"admin.session_timeline">["entries"][number]

interface Step {
  readonly entry: Entry
  /** The messages that follow one another. */
  readonly messages: ReadonlyArray<Entry>
}

const stepsOf = (entries: ReadonlyArray<Entry>): ReadonlyArray<Step> => {
  const steps: Array<{ entry: Entry; messages: Array<Entry> }> = []
  for (const entry of entries) {
    const last = steps.at(-1)
    const isMessage = entry.type === "MessageSent"
    if (isMessage && last !== undefined && last.messages.length > 0) last.messages.push(entry)
    else steps.push({ entry, messages: isMessage ? [entry] : [] })
  }
  return steps
}

const dots: Readonly<Record<string, string>> = {
  Paired: "#12a150",
  SessionResumed: "#12a150",
  ExtensionRequested: "#f59f00",
  WarningGiven: "#f59f00",
  Rerouted: "#1c7ed6",
  ClosingStarted: "#e8590c",
  SessionCompleted: "#868e96",
  RequestCancelled: "#868e96",
  RequestExpired: "#e03131",
  MessageSent: "#adb5bd"
}

const amountOf = (key: string, value: unknown): string => {
  if (key.endsWith("_ms") && typeof value === "number") return lengthOf(value)
  if (key === "amount_idr" && typeof value === "number") return money(value)
  if (key.endsWith("_id") && typeof value === "string") return value.slice(-8)
  if (key.endsWith("_at") && typeof value === "number") return new Date(value).toISOString().slice(11, 19)
  return String(value).replaceAll("_", " ")
}

/** Whatever the event says of itself, in a line. */
const detailOf = (detail: unknown): string =>
  typeof detail !== "object" || detail === null ? "" : Object.entries(detail)
    .filter(([key, value]) => value !== null && key !== "next_wave_at" && key !== "payment_id")
    .map(([key, value]) => `${words(key.replace(/_(ms|idr|id|at)$/, ""))} ${amountOf(key, value)}`)
    .join(" · ")

const Ticks = ({ messages }: { messages: ReadonlyArray<Entry> }) => (
  <div className="ticks" aria-hidden="true">
    {messages.map((one) => (
      <span key={one.seq} className={`tick-${one.side}`} title={`${one.side} ${one.at}`} />
    ))}
  </div>
)

const Shown = ({ step: { entry, messages } }: { step: Step }) => {
  const text = useText()
  const known = useWords()
  const title = messages.length > 0 ? counted(messages.length, text.session.messages) : known(entry.type)
  return (
    <li style={{ "--dot": dots[entry.type] } as React.CSSProperties}>
      <Text size="sm" component="div">
        <b>{title}</b>{" "}
        <Text span size="xs" c="dimmed">
          <Instant at={entry.at} /> · #{entry.seq}
        </Text>
      </Text>
      {messages.length > 0
        ? <Ticks messages={messages} />
        : <Text size="xs" c="dimmed">{detailOf(entry.detail)}</Text>}
    </li>
  )
}

export const Timeline = ({ requestedAt, sessionId, version }: {
  sessionId: string
  requestedAt: string
  /** Rises with what happened. */
  version: number
}) => {
  const text = useText()
  const { data, problem, reload } = useCall("admin.session_timeline", { session_id: sessionId })
  useEffect(reload, [version, reload])
  return (
    <Card title={text.session.timeline}>
      <Failed problem={problem} />
      {data === null ? <Waiting /> : (
        <ol className="timeline">
          <li>
            <Text size="sm">
              <b>{text.session.requested}</b>{" "}
              <Text span size="xs" c="dimmed">
                <Instant at={requestedAt} />
              </Text>
            </Text>
          </li>
          {stepsOf(data.entries).map((step) => <Shown key={step.entry.seq} step={step} />)}
        </ol>
      )}
    </Card>
  )
}
