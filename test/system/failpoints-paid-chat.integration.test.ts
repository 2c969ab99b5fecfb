// A paid chat from the order to the goodbye, whose server dies at the worst lines of every step: before the
// commit nothing has happened, after it everything has, once, and asking again brings the answer.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import {
  accepts,
  answersExtension,
  around,
  commands,
  customerArrives,
  hears,
  inOrder,
  isPaid,
  mitraArrives,
  orders,
  ordersMore,
  paymentRow,
  says,
  sessionRow
} from "./fault-steps.ts"
import { runScript, type Step } from "./fault-script.ts"

const steps: ReadonlyArray<Step> = [
  { name: "everybody arrives", gates: [], act: inOrder(mitraArrives(1), customerArrives("sari")) },
  {
    name: "a payment is ordered",
    gates: ["checkout_opened", "payment_created"],
    act: orders("sari", "payment", "chat_5")
  },
  {
    name: "the provider confirms it",
    gates: [
      "webhook_received",
      "webhook_logged",
      "payment_confirmed",
      "request_opened",
      ...around("OffersSent"),
      "webhook_settled"
    ],
    act: isPaid("sari", "payment", "chat")
  },
  { name: "she accepts", gates: around("Paired"), act: accepts("mitra:1", "chat") },
  { name: "a message", gates: around("MessageSent"), act: says("sari", "chat", "Halo kak") },
  {
    name: "it is read",
    gates: around("ReceiptMoved", "before_commit"),
    act: (context) =>
      context.who("mitra:1").phone.call("chat.read", { session_id: context.fact("chat"), seq: 3 })
  },
  {
    name: "the topic changes",
    gates: around("TopicChanged"),
    act: commands("mitra:1", "chat.topic", "chat", { topic: "sensitive" })
  },
  {
    name: "more time is ordered",
    gates: ["payment_created"],
    act: ordersMore("sari", "extension", "chat", "chat_12")
  },
  {
    name: "more time is paid",
    gates: ["payment_confirmed", ...around("ExtensionRequested"), "webhook_settled"],
    act: inOrder(isPaid("sari", "extension", "chat"), hears("sari", "chat", "extension_requested"))
  },
  { name: "she approves", gates: around("SessionResumed"), act: answersExtension("mitra:1", "chat", true) },
  {
    name: "the customer ends it",
    gates: around("ClosingStarted"),
    act: commands("sari", "chat.end", "chat")
  },
  {
    name: "the mitra's goodbye",
    gates: around("GoodbyeLeft"),
    act: commands("mitra:1", "chat.goodbye", "chat", { text: "Sampai jumpa" })
  },
  {
    name: "the customer's goodbye",
    gates: around("SessionCompleted"),
    act: commands("sari", "chat.goodbye", "chat", { text: "Makasih kak" })
  },
  {
    name: "both know that it is over",
    gates: [],
    act: inOrder(hears("sari", "chat", "completed"), hears("mitra:1", "chat", "completed"))
  }
]

describe("a server that dies at every step of a paid chat", () => {
  it.live("finishes or undoes each, and the books add up", () =>
    Effect.gen(function*() {
      const context = yield* runScript(steps, { extension_timeout_seconds: 120 })
      yield* Effect.promise(async () => {
        assert.deepStrictEqual(await paymentRow(context, "payment"), consumed)
        assert.deepStrictEqual(await paymentRow(context, "extension"), consumed)
        assert.deepStrictEqual(await sessionRow(context, "chat"), {
          status: "completed",
          end_reason: "ended_by_customer",
          ended_by: "customer"
        })
        const counts = await context.books.query(
          `SELECT (SELECT count(*)::int FROM chat_sessions) AS sessions,
          (SELECT count(*)::int FROM messages) AS messages,
          (SELECT count(*)::int FROM transactions) AS charges`
        )
        assert.deepStrictEqual(counts, [{ sessions: 1, messages: 1, charges: 2 }])
      })
    }), 300_000)
})

const consumed = { status: "consumed", failure_cause: null, charged: 1 }
