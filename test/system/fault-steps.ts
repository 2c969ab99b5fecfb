// The steps that the stories of the fault gates share: what people and the provider do, each with an id of
// its own, so that doing it again is doing the same.
import { assert } from "@effect/vitest"
import { adminCall, signInAdmin } from "./staff.ts"
import { confirm, customer, isFact, mitra, send } from "./people.ts"
import type { Stage, Step } from "./fault-script.ts"

type Act = Step["act"]

/** The lines before and after an event's commit; without a number it is not in the commit's own gate. */
export const around = (event: string, first: "in_commit" | "before_commit" = "in_commit") => [
  `${first}:${event}`,
  `after_commit:${event}`
]

export const customerArrives = (name: string): Act => async (stage) => {
  stage.people.set(name, await customer(stage.server, name))
}

export const mitraArrives = (number: 1 | 2 | 3): Act => async (stage) => {
  stage.people.set(`mitra:${number}`, await mitra(stage.server, number))
}

const command = (stage: Stage, who: string, tag: string, action: string, payload: object) =>
  stage.who(who).phone.call(tag, { command_id: stage.id(`${who} ${action}`), ...payload })

/** A command with this story's id for it. */
export const commands = (who: string, tag: string, session: string, payload: object = {}): Act => (stage) =>
  command(stage, who, tag, `${tag} ${session}`, { session_id: stage.fact(session), ...payload })

/** Online or offline. */
export const declares = (who: string, tag: string): Act => (stage) => command(stage, who, tag, tag, {})

export const answersExtension = (who: string, session: string, approve: boolean): Act => async (stage) => {
  const key = `extension of ${session}`
  const [row] = await stage.books.query(
    `SELECT extension->>'seq' AS seq FROM chat_sessions WHERE id = '${stage.fact(session)}'`
  )
  // A repeat names what was asked, also when that is decided meanwhile.
  const asked = stage.facts.get(key) ?? row.seq
  stage.facts.set(key, asked)
  await commands(who, "mitra.answer_extension", session, { extension_seq: Number(asked), approve })(stage)
}

export const orders = (who: string, payment: string, tier_id: string): Act => async (stage) => {
  const made = await command(stage, who, "customer.create_payment", payment, { tier_id, topic: "regular" })
  assert.strictEqual(stage.facts.get(payment) ?? made.payment_id, made.payment_id, "one order, one payment")
  stage.facts.set(payment, made.payment_id)
}

export const ordersMore =
  (who: string, payment: string, session: string, tier_id: string): Act => async (stage) => {
    const session_id = stage.fact(session)
    const made = await command(stage, who, "chat.request_extension", payment, { session_id, tier_id })
    assert.strictEqual(stage.facts.get(payment) ?? made.payment_id, made.payment_id, "one order, one payment")
    stage.facts.set(payment, made.payment_id)
  }

const amountOf = async (stage: Stage, payment: string): Promise<number> => {
  const [row] = await stage.books.query(
    `SELECT amount_idr FROM payment_requests WHERE id = '${stage.fact(payment)}'`
  )
  return row.amount_idr
}

/** The provider's word, until it is acknowledged. `session`: the name under which its request is known. */
export const isPaid = (who: string, payment: string, session: string): Act => async (stage) => {
  const payment_id = stage.fact(payment)
  const answer = await confirm(stage.server, payment_id, await amountOf(stage, payment))
  assert.strictEqual(answer.status, 200, await answer.text())
  const { session_id } = await stage.who(who).phone.call("customer.payment_status", { payment_id })
  assert.isNotNull(session_id, "a confirmed payment has its request")
  assert.strictEqual(stage.facts.get(session) ?? session_id, session_id, "one payment, one request")
  stage.facts.set(session, session_id)
}

export const accepts = (who: string, session: string): Act => async (stage) => {
  const view = await commands(who, "mitra.accept", session)(stage) as { readonly mitra_id: string }
  assert.strictEqual(view.mitra_id, stage.who(who).id)
}

export const says = (who: string, session: string, body: string): Act => async (stage) => {
  const sent = await send(stage.who(who), stage.fact(session), body, stage.id(body))
  const key = `message ${body}`
  assert.strictEqual(stage.facts.get(key) ?? sent.message_id, sent.message_id, "one action, one message")
  stage.facts.set(key, sent.message_id)
}

/** Whoever hears of it, now or in an earlier life. */
export const hears =
  (who: string, session: string, kind: string, withinMs = 15_000): Act => async (stage) => {
    const session_id = stage.fact(session)
    const isIt = (event: { session_id?: string; _tag: string; fact?: { kind: string } }) =>
      event.session_id === session_id && isFact(kind)(event)
    if ((stage.told.get(who) ?? []).some((event) => isIt({ _tag: "session", ...event }))) return
    await stage.who(who).phone.event(`${kind} for ${who}`, isIt, withinMs)
  }

export const inOrder = (...acts: ReadonlyArray<Act>): Act => async (stage) => {
  for (const act of acts) await act(stage)
}

/** A call of staff, with this story's id for it where it takes one. */
export const staff = (tag: string, payload: (stage: Stage) => object): Act => async (stage) => {
  const token = stage.facts.get("staff") ?? await signInAdmin(stage.server)
  stage.facts.set("staff", token)
  await adminCall(stage.server, token, tag, payload(stage))
}

export const staffSets = (key: string, value: unknown): Act =>
  staff("admin.settings_write", () => ({ key, value }))

/** What the books say of a payment in the end. */
export const paymentRow = async (stage: Stage, payment: string) => {
  const [row] = await stage.books.query(
    `SELECT p.status, p.failure_cause, count(t.id)::int AS charged FROM payment_requests p
     LEFT JOIN transactions t ON t.payment_id = p.id WHERE p.id = '${stage.fact(payment)}' GROUP BY p.id`
  )
  return row
}

export const sessionRow = async (stage: Stage, session: string) => {
  const [row] = await stage.books.query(
    `SELECT status, end_reason, ended_by FROM chat_sessions WHERE id = '${stage.fact(session)}'`
  )
  return row
}
