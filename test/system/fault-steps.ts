// The steps that the scripts of the failpoints share: what people and the provider do, each with an id of
// its own, so that doing it again is doing the same.
import { assert } from "@effect/vitest"
import { adminCall, signInAdmin } from "./staff.ts"
import { confirm, customer, isFact, mitra, send } from "./people.ts"
import type { ScriptContext, Step } from "./fault-script.ts"

type Act = Step["act"]

/** The lines before and after an event's commit; without a number it is not in the commit's own gate. */
export const around = (event: string, first: "in_commit" | "before_commit" = "in_commit") => [
  `${first}:${event}`,
  `after_commit:${event}`
]

export const customerArrives = (name: string): Act => async (context) => {
  context.people.set(name, await customer(context.server, name))
}

export const mitraArrives = (number: 1 | 2 | 3): Act => async (context) => {
  context.people.set(`mitra:${number}`, await mitra(context.server, number))
}

const command = (context: ScriptContext, who: string, tag: string, action: string, payload: object) =>
  context.who(who).phone.call(tag, { command_id: context.id(`${who} ${action}`), ...payload })

/** A command with this script's id for it. */
export const commands = (who: string, tag: string, session: string, payload: object = {}): Act => (context) =>
  command(context, who, tag, `${tag} ${session}`, { session_id: context.fact(session), ...payload })

/** Online or offline. */
export const declares = (who: string, tag: string): Act => (context) => command(context, who, tag, tag, {})

export const answersExtension = (who: string, session: string, approve: boolean): Act => async (context) => {
  const key = `extension of ${session}`
  const [row] = await context.books.query(
    `SELECT extension->>'seq' AS seq FROM chat_sessions WHERE id = '${context.fact(session)}'`
  )
  // A repeat names what was asked, also when that is decided meanwhile.
  const asked = context.facts.get(key) ?? row.seq
  context.facts.set(key, asked)
  await commands(who, "mitra.answer_extension", session, { extension_seq: Number(asked), approve })(context)
}

export const orders = (who: string, payment: string, tier_id: string): Act => async (context) => {
  const made = await command(context, who, "customer.create_payment", payment, { tier_id, topic: "regular" })
  assert.strictEqual(context.facts.get(payment) ?? made.payment_id, made.payment_id, "one order, one payment")
  context.facts.set(payment, made.payment_id)
}

export const ordersMore =
  (who: string, payment: string, session: string, tier_id: string): Act => async (context) => {
    const session_id = context.fact(session)
    const made = await command(context, who, "chat.request_extension", payment, { session_id, tier_id })
    assert.strictEqual(
      context.facts.get(payment) ?? made.payment_id,
      made.payment_id,
      "one order, one payment"
    )
    context.facts.set(payment, made.payment_id)
  }

const amountOf = async (context: ScriptContext, payment: string): Promise<number> => {
  const [row] = await context.books.query(
    `SELECT amount_idr FROM payment_requests WHERE id = '${context.fact(payment)}'`
  )
  return row.amount_idr
}

/**
 * The provider's webhook, repeated until it is acknowledged. `session`: the name under which its request is
 * known.
 */
export const isPaid = (who: string, payment: string, session: string): Act => async (context) => {
  const payment_id = context.fact(payment)
  const answer = await confirm(context.server, payment_id, await amountOf(context, payment))
  assert.strictEqual(answer.status, 200, await answer.text())
  const { session_id } = await context.who(who).phone.call("customer.payment_status", { payment_id })
  assert.isNotNull(session_id, "a confirmed payment has its request")
  assert.strictEqual(context.facts.get(session) ?? session_id, session_id, "one payment, one request")
  context.facts.set(session, session_id)
}

export const accepts = (who: string, session: string): Act => async (context) => {
  const view = await commands(who, "mitra.accept", session)(context) as { readonly mitra_id: string }
  assert.strictEqual(view.mitra_id, context.who(who).id)
}

export const says = (who: string, session: string, body: string): Act => async (context) => {
  const sent = await send(context.who(who), context.fact(session), body, context.id(body))
  const key = `message ${body}`
  assert.strictEqual(context.facts.get(key) ?? sent.message_id, sent.message_id, "one action, one message")
  context.facts.set(key, sent.message_id)
}

/** This person's phone receives the event, now or in an earlier life of the server. */
export const hears =
  (who: string, session: string, kind: string, withinMs = 15_000): Act => async (context) => {
    const session_id = context.fact(session)
    const isIt = (event: { session_id?: string; _tag: string; fact?: { kind: string } }) =>
      event.session_id === session_id && isFact(kind)(event)
    if ((context.received.get(who) ?? []).some((event) => isIt({ _tag: "session", ...event }))) return
    await context.who(who).phone.event(`${kind} for ${who}`, isIt, withinMs)
  }

export const inOrder = (...acts: ReadonlyArray<Act>): Act => async (context) => {
  for (const act of acts) await act(context)
}

/** A call of staff, with this script's id for it where it takes one. */
export const staff = (tag: string, payload: (context: ScriptContext) => object): Act => async (context) => {
  const token = context.facts.get("staff") ?? await signInAdmin(context.server)
  context.facts.set("staff", token)
  await adminCall(context.server, token, tag, payload(context))
}

export const staffSets = (key: string, value: unknown): Act =>
  staff("admin.settings_write", () => ({ key, value }))

/** What the books say of a payment in the end. */
export const paymentRow = async (context: ScriptContext, payment: string) => {
  const [row] = await context.books.query(
    `SELECT p.status, p.failure_cause, count(t.id)::int AS charged FROM payment_requests p
     LEFT JOIN transactions t ON t.payment_id = p.id WHERE p.id = '${context.fact(payment)}' GROUP BY p.id`
  )
  return row
}

export const sessionRow = async (context: ScriptContext, session: string) => {
  const [row] = await context.books.query(
    `SELECT status, end_reason, ended_by FROM chat_sessions WHERE id = '${context.fact(session)}'`
  )
  return row
}
