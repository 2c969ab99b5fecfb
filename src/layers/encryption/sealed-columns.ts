// Every column that may hold a sealed text: where it is plain, where it is sealed, how a row is named and
// what place it is. A new column of that kind must be added here, or its texts are never sealed anew.
import type { Side } from "../../domain/session/state.ts"
import {
  caseAssociatedData,
  eventAssociatedData,
  goodbyeAssociatedData,
  messageAssociatedData,
  phoneAssociatedData,
  type PhoneTable,
  phoneTables,
  secondFactorAssociatedData
} from "./associated-data.ts"

export interface SealedColumn {
  readonly name: string
  readonly table: string
  /** The primary key, in its order. */
  readonly key: ReadonlyArray<{ readonly column: string; readonly type: string }>
  /** Which rows may hold such a text. */
  readonly where: string
  /** SQL of the plain text in the row called `t`. */
  readonly plain: string
  readonly sealed: string
  /** SET, from a record `r` with `plain`, `sealed` and `blind_index`. */
  readonly set: string
  readonly associatedData: (key: ReadonlyArray<string>) => string
  /** Phones also have a blind index; what it is made for. */
  readonly indexed: PhoneTable | null
}

const storyKey = [{ column: "session_id", type: "uuid" }, { column: "seq", type: "bigint" }]
const idKey = [{ column: "id", type: "uuid" }]

const goodbye = (side: Side): SealedColumn => ({
  name: `chat_sessions.${side}_goodbye`,
  table: "chat_sessions",
  key: idKey,
  where: "true",
  plain: `t.${side}_goodbye`,
  sealed: `${side}_goodbye_sealed`,
  set: `${side}_goodbye = r.plain, ${side}_goodbye_sealed = r.sealed`,
  associatedData: ([id]) => goodbyeAssociatedData(id ?? "", side),
  indexed: null
})

const caseText = (part: "words" | "evidence"): SealedColumn => ({
  name: `cases.${part}`,
  table: "cases",
  key: idKey,
  where: "true",
  plain: `t.${part}`,
  sealed: `${part}_sealed`,
  set: `${part} = r.plain, ${part}_sealed = r.sealed`,
  associatedData: ([id]) => caseAssociatedData(id ?? "", part),
  indexed: null
})

const phone = (table: PhoneTable): SealedColumn => ({
  name: `${table}.phone`,
  table,
  key: idKey,
  where: "true",
  plain: "t.phone",
  sealed: "phone_sealed",
  set: "phone = r.plain, phone_sealed = r.sealed, phone_mark = r.blind_index",
  associatedData: ([id]) => phoneAssociatedData(table, id ?? ""),
  indexed: table
})

export const sealedColumns: ReadonlyArray<SealedColumn> = [
  ...phoneTables.map(phone),
  goodbye("customer"),
  goodbye("mitra"),
  caseText("words"),
  caseText("evidence"),
  {
    name: "session_events.text",
    table: "session_events",
    key: storyKey,
    where: "t.type = 'GoodbyeLeft'",
    plain: "(t.event->>'text')",
    sealed: "text_sealed",
    set: `event = jsonb_set(t.event, '{text}', coalesce(to_jsonb(r.plain), 'null'::jsonb)),
      text_sealed = r.sealed`,
    associatedData: ([sessionId, seq]) => eventAssociatedData(sessionId ?? "", Number(seq)),
    indexed: null
  },
  {
    name: "messages.body",
    table: "messages",
    key: storyKey,
    where: "true",
    plain: "t.body",
    sealed: "body_sealed",
    set: "body = r.plain, body_sealed = r.sealed",
    associatedData: ([sessionId, seq]) => messageAssociatedData(sessionId ?? "", Number(seq)),
    indexed: null
  },
  {
    name: "staff_second_factors.secret",
    table: "staff_second_factors",
    key: [{ column: "staff_id", type: "uuid" }],
    where: "true",
    plain: "t.secret",
    sealed: "secret_sealed",
    set: "secret = r.plain, secret_sealed = r.sealed",
    associatedData: ([id]) => secondFactorAssociatedData(id ?? ""),
    indexed: null
  }
]
