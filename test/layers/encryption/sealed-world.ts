// Runners with keys of their own choice on one database, a story whose every text is private, and what the
// tables hold of it.
import { SecureRandom } from "effect/crypto"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import * as CipherNone from "../../../src/layers/encryption/cipher.none.ts"
import { SignIns } from "../../../src/services/accounts/sign-ins.ts"
import { Accounts } from "../../../src/services/accounts/accounts.ts"
import { SessionViews } from "../../../src/services/sessions/session-views.ts"
import { Sessions } from "../../../src/services/sessions/sessions.ts"
import { givenStaff, hour, idOf, minute, staffId, t0 } from "../../../testkit/conformance/given.ts"
import * as Stage from "../../../testkit/conformance/stage.ts"
import { asCustomer, asMitra, customer, mitra, session } from "../../../testkit/conformance/stage.ts"
import { sealing } from "../../support/keys.ts"
import { databaseAt } from "../../support/postgres.ts"
import { onPostgres } from "../on-postgres.ts"

/** A runner with these keys; with none at all, everything is plain. */
export const runnerWith = (url: string, ...keyIds: ReadonlyArray<string>) =>
  onPostgres.pipe(
    Layer.provideMerge(keyIds.length === 0 ? CipherNone.layer : sealing(...keyIds)),
    Layer.provideMerge(databaseAt(url, 6)),
    Layer.provideMerge(SecureRandom.layerWebCrypto),
    Layer.fresh
  )

const phoneOf = (kind: number, n: number): string => `+62813${kind}00000${n}`
export const customerPhone = (n: number): string => phoneOf(1, n)
export const codePhone = (n: number): string => phoneOf(2, n)
export const testPhone = (n: number): string => phoneOf(3, n)
/** As the stage gives them out. */
export const mitraPhone = (n: number): string => `+62811${100_000 + n}`

type Two = readonly [string, string]
type Three = readonly [string, string, string]

const words = (n: number): Three => [`first words ${n}`, `an answer ${n} 🙂`, `more words ${n}`]
const goodbyes = (n: number): Two => [`thank you ${n}`, `take care ${n}`]

/** Nothing of this may be found in the tables of a runner with keys. */
export const secretsOf = (n: number): ReadonlyArray<string> => [
  ...words(n),
  ...goodbyes(n),
  ...[customerPhone(n), codePhone(n), testPhone(n), mitraPhone(n)].map((phone) => phone.slice(1))
]

const code = (n: number) => ({
  id: idOf(0xc0de0 + n),
  phone: codePhone(n),
  user_type: "customer",
  code_hash: `hash ${n}`,
  ip: "10.0.0.1",
  asked_by: "device:theirs",
  created_at: t0,
  expires_at: t0 + hour
} as const)

/** Customer, mitra and chat `n`, from the phone's code to both goodbyes. */
export const story = Effect.fnUntraced(function*(n: number) {
  yield* givenStaff
  yield* Stage.givenMitras(n)
  const owner = yield* Stage.givenChat(n, n)
  yield* (yield* Accounts).provePhone(customer(n), customerPhone(n))
  const limits = {
    now: t0,
    cooldown_ms: minute,
    per_phone_hourly: 5,
    per_phone_hourly_in_total: 5,
    per_ip_hourly: 50
  }
  yield* (yield* SignIns).issueCode(code(n), limits)
  yield* (yield* SignIns).putTestNumber({ phone: testPhone(n), code: "424242" }, {
    id: idOf(0x7e570 + n),
    staff_id: staffId,
    action: "test_number.put",
    target_type: "test_number",
    target_id: "masked",
    peer: "127.0.0.1",
    at: t0
  })
  const [hello, answer, more] = words(n)
  const at = t0 + 1000
  yield* Stage.act(owner, Stage.send(asCustomer(n), `${n}-1`, hello), { at })
  yield* Stage.act(owner, Stage.send(asMitra(n), `${n}-2`, answer), { at })
  yield* Stage.act(owner, Stage.send(asCustomer(n), `${n}-3`, more), { at })
  yield* Stage.act(owner, { _tag: "End", by: asCustomer(n) }, { at: t0 + 2000 })
  const [thanks, care] = goodbyes(n)
  yield* Stage.act(owner, { _tag: "Goodbye", by: asMitra(n), text: care }, { at: t0 + 3000 })
  yield* Stage.act(owner, { _tag: "Goodbye", by: asCustomer(n), text: thanks }, { at: t0 + 4000 })
})

/** Everything private of story `n`, as it is read through the ports: the same whatever the tables hold. */
export const retold = Effect.fnUntraced(function*(n: number) {
  const sessions = yield* Sessions
  const views = yield* SessionViews
  const accounts = yield* Accounts
  const state = yield* sessions.find(session(n))
  const events = yield* views.eventsAfter(session(n), 0, 100)
  const signIns = yield* SignIns
  return {
    messages: (yield* views.messages(session(n), { after: 0 }, 100)).map(({ body }) => body),
    first: (yield* sessions.sentMessage(session(n), customer(n), `${n}-1`))?.body,
    events: events.flatMap(({ event }) =>
      event._tag === "MessageSent" ? [event.body] : event._tag === "GoodbyeLeft" ? [event.text] : []
    ),
    goodbyes: [state?.customer_goodbye, state?.mitra_goodbye],
    past: (yield* views.pastOf("customer", customer(n), { before: null, limit: 9 })).map((each) => [
      each.customer_goodbye,
      each.mitra_goodbye
    ]),
    phones: [
      (yield* accounts.findCustomer(customer(n)))?.phone,
      (yield* accounts.findMitra(mitra(n)))?.phone
    ],
    by_phone: [
      (yield* accounts.findCustomerByPhone(customerPhone(n)))?.id,
      (yield* accounts.findMitraByPhone(mitraPhone(n)))?.id
    ],
    test_number: yield* (yield* SignIns).testCodeOf(testPhone(n)),
    test_numbers: (yield* (yield* SignIns).testNumbers).map(({ phone }) => phone).includes(testPhone(n)),
    code: yield* signIns.checkCode({
      phone: codePhone(n),
      user_type: "customer",
      asked_by: "device:theirs",
      code_hashes: ["another"],
      attempts_max: 1000,
      now: t0 + 1
    })
  }
})

export const expected = (n: number) => {
  const [hello, answer, more] = words(n)
  const [thanks, care] = goodbyes(n)
  return {
    messages: [hello, answer, more],
    first: hello,
    events: [hello, answer, more, care, thanks],
    goodbyes: [thanks, care],
    past: [[thanks, care]],
    phones: [customerPhone(n), mitraPhone(n)],
    by_phone: [customer(n), mitra(n)],
    test_number: "424242",
    test_numbers: true,
    code: "mismatch" as const
  }
}

/** Every row of every table of the database as text, as a dump would have it. */
export const dump = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const tables = yield* sql<{ name: string }>`SELECT table_name AS name FROM information_schema.tables
    WHERE table_schema = 'public' AND table_type = 'BASE TABLE' ORDER BY table_name`
  const lines: Array<string> = []
  for (const { name } of tables) {
    const rows = yield* sql<{ row: string }>`SELECT ${sql(name)}::text AS row FROM ${sql(name)}`
    lines.push(...rows.map(({ row }) => `${name}: ${row}`))
  }
  return lines
})

/** The lines of the dump in which one of these can be read. */
export const readableIn = (lines: ReadonlyArray<string>, secrets: ReadonlyArray<string>) =>
  lines.filter((line) => secrets.some((secret) => line.includes(secret)))
