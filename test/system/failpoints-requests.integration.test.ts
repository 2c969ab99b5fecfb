// Requests that come to nothing, or nearly: cancelled, declined, run out, tried again, given up; and a mitra
// who goes and is deactivated meanwhile. The server dies at the worst lines of each.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import {
  accepts,
  around,
  commands,
  customerArrives,
  declares,
  hears,
  inOrder,
  isPaid,
  mitraArrives,
  orders,
  paymentRow,
  sessionRow,
  staff,
  staffSets
} from "./fault-steps.ts"
import { runScript, type ScriptContext, type Step } from "./fault-script.ts"

const triesAgain = (session: string) => async (context: ScriptContext) => {
  const payment_id = context.fact("payment")
  const command_id = context.id(`tries ${session}`)
  const { session_id } = await context.who("sari").phone.call("customer.retry_request", {
    command_id,
    payment_id
  })
  assert.strictEqual(context.facts.get(session) ?? session_id, session_id, "one command, one try")
  context.facts.set(session, session_id)
}

const givesUp = async (context: ScriptContext) => {
  const payload = { command_id: context.id("gives up"), payment_id: context.fact("payment") }
  const payment = await context.who("sari").phone.call("customer.abandon_payment", payload)
  assert.strictEqual(payment.status, "abandoned")
}

/** Her place is free: the request that waits asks her at once, or at its next look. */
const acceptsOnceAsked = async (context: ScriptContext) => {
  const session_id = context.fact("last")
  const isIt = (event: { _tag: string; offer?: { session_id: string }; session_id?: string }) =>
    (event._tag === "offer" && event.offer?.session_id === session_id) ||
    (event._tag === "session" && event.session_id === session_id)
  const snapshot = context.who("mitra:1").phone.log.find(({ event }) => event._tag === "snapshot")
  const known = [...snapshot?.event.offers ?? [], ...snapshot?.event.sessions ?? []]
  if (!known.some((view: { session_id: string }) => view.session_id === session_id)) {
    await context.who("mitra:1").phone.event("the offer", isIt, 15_000)
  }
  await accepts("mitra:1", "last")(context)
}

const bungaIsDeactivated = inOrder(
  async (context) => {
    const { id } = context.people.get("mitra:2") ?? { id: context.fact("bunga") }
    context.facts.set("bunga", id)
  },
  staff("admin.deactivate_mitra", (context) => ({
    command_id: context.id("deactivates"),
    mitra_id: context.fact("bunga")
  }))
)

const steps: ReadonlyArray<Step> = [
  {
    name: "a request is open",
    gates: [],
    act: inOrder(
      mitraArrives(1),
      customerArrives("sari"),
      orders("sari", "payment", "chat_5"),
      isPaid("sari", "payment", "first")
    )
  },
  {
    name: "the customer cancels",
    gates: around("RequestCancelled"),
    act: commands("sari", "customer.cancel", "first")
  },
  {
    name: "she tries again",
    gates: ["request_opened", "before_commit:OffersSent", "after_publish:OffersSent"],
    act: triesAgain("second")
  },
  {
    name: "the mitra declines",
    gates: around("OfferDeclined", "before_commit"),
    act: commands("mitra:1", "mitra.decline", "second")
  },
  {
    name: "everybody has declined",
    gates: around("RequestExpired"),
    act: hears("sari", "second", "pairing_failed")
  },
  {
    name: "she tries once more, and nobody answers",
    gates: ["after_publish:RequestExpired"],
    act: inOrder(
      staffSets("pairing_blast_timeout_seconds", 2),
      triesAgain("third"),
      hears("sari", "third", "pairing_failed")
    )
  },
  { name: "she gives up", gates: ["payment_abandoned"], act: givesUp },
  { name: "the mitra goes", gates: around("WentOffline"), act: declares("mitra:1", "mitra.go_offline") },
  {
    name: "another is asked",
    gates: [],
    act: inOrder(
      staffSets("pairing_blast_timeout_seconds", 120),
      mitraArrives(2),
      customerArrives("budi"),
      orders("budi", "his payment", "chat_5"),
      isPaid("budi", "his payment", "last")
    )
  },
  {
    name: "she is deactivated",
    gates: around("Deactivated"),
    act: bungaIsDeactivated,
    isGivenUp: true
  },
  {
    name: "her offer is withdrawn although nobody asks again",
    gates: around("OfferWithdrawn", "before_commit"),
    act: () => Promise.resolve()
  },
  {
    name: "the first one comes back",
    gates: around("WentOnline"),
    act: declares("mitra:1", "mitra.go_online")
  },
  { name: "she accepts", gates: ["after_publish:Paired"], act: acceptsOnceAsked },
  {
    name: "it ends well",
    gates: [],
    act: inOrder(
      commands("budi", "chat.end", "last"),
      commands("budi", "chat.goodbye", "last", { text: "Makasih" }),
      hears("mitra:1", "last", "completed")
    )
  }
]

describe("a server that dies at every step of requests that come to nothing", () => {
  it.live("finishes or undoes each, and the books add up", () =>
    Effect.gen(function*() {
      const context = yield* runScript(steps, { pairing_blast_timeout_seconds: 120 })
      yield* Effect.promise(async () => {
        assert.deepStrictEqual(await paymentRow(context, "payment"), {
          status: "abandoned",
          failure_cause: "abandoned",
          charged: 0
        })
        assert.deepStrictEqual(await paymentRow(context, "his payment"), {
          status: "consumed",
          failure_cause: null,
          charged: 1
        })
        const { status } = await sessionRow(context, "third")
        assert.strictEqual(status, "expired")
        assert.strictEqual(context.fact("mitra:2 is signed out"), "true")
        const hers = await context.books.query(
          `SELECT status, ending FROM chat_request_notifications WHERE mitra_id = '${context.fact("bunga")}'`
        )
        assert.deepStrictEqual(hers, [{ status: "ignored", ending: "withdrawn" }])
        const audited = await context.books.query(
          "SELECT count(*)::int AS times FROM audit_log WHERE action = 'mitra.deactivate'"
        )
        assert.deepStrictEqual(audited, [{ times: 1 }])
      })
    }), 300_000)
})
