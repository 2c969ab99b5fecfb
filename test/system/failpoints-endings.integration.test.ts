// Extensions that are refused, run out or come too late, and the ways a chat ends by itself or by staff. The
// server dies at the worst lines of each; what the clock does is done by the server that is up by then.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import {
  accepts,
  answersExtension,
  around,
  customerArrives,
  hears,
  inOrder,
  isPaid,
  mitraArrives,
  orders,
  ordersMore,
  paymentRow,
  sessionRow,
  staff,
  staffSets
} from "./fault-steps.ts"
import { runScript, type Step } from "./fault-script.ts"

const chat = (name: string, tier: string): Step => ({
  name: `${name} begins`,
  gates: [],
  act: inOrder(
    orders("sari", `${name}'s payment`, tier),
    isPaid("sari", `${name}'s payment`, name),
    accepts("mitra:1", name)
  )
})

const more = (payment: string, session: string): Step["act"] =>
  inOrder(ordersMore("sari", payment, session, "chat_12"), isPaid("sari", payment, session))

const steps: ReadonlyArray<Step> = [
  { name: "everybody arrives", gates: [], act: inOrder(mitraArrives(1), customerArrives("sari")) },
  chat("rejected", "chat_5"),
  { name: "more time is paid", gates: ["after_publish:ExtensionRequested"], act: more("no", "rejected") },
  {
    name: "she says no",
    gates: around("ClosingStarted"),
    act: answersExtension("mitra:1", "rejected", false)
  },
  {
    name: "the grace is over",
    gates: around("SessionCompleted"),
    act: hears("sari", "rejected", "completed")
  },
  chat("extended", "chat_5"),
  {
    name: "more time is paid, and nobody answers",
    gates: around("SessionResumed"),
    act: inOrder(
      staffSets("extension_timeout_seconds", 2),
      more("yes by itself", "extended"),
      hears("sari", "extended", "session_resumed")
    )
  },
  {
    name: "more time is paid, nobody answers, and that is a no",
    gates: around("ClosingStarted"),
    act: inOrder(
      staffSets("extension_default_action_on_timeout", "auto_reject"),
      more("no by itself", "extended"),
      hears("sari", "extended", "closing")
    )
  },
  { name: "it is over", gates: [], act: hears("sari", "extended", "completed") },
  chat("brief", "brief"),
  {
    name: "the time is up",
    gates: around("ClosingStarted"),
    act: inOrder(ordersMore("sari", "late", "brief", "chat_12"), hears("sari", "brief", "closing"))
  },
  { name: "more time is paid too late", gates: ["extension_refused"], act: isPaid("sari", "late", "brief") },
  { name: "it is over", gates: [], act: hears("mitra:1", "brief", "completed") },
  chat("forced", "chat_5"),
  { name: "another mitra is there", gates: [], act: mitraArrives(2) },
  {
    name: "staff gives it to the other",
    gates: around("Rerouted"),
    act: staff("admin.reroute", (context) => ({
      command_id: context.id("reroutes"),
      session_id: context.fact("forced"),
      from_mitra_id: context.who("mitra:1").id,
      mitra_id: context.who("mitra:2").id,
      reason: "the first one fell ill"
    }))
  },
  {
    name: "staff closes it",
    gates: around("ClosingStarted"),
    act: staff("admin.force_close", (context) => ({
      command_id: context.id("closes"),
      session_id: context.fact("forced"),
      reason: "asked for by phone"
    }))
  },
  {
    name: "it is over",
    gates: [],
    act: inOrder(hears("sari", "forced", "completed"), hears("mitra:2", "forced", "completed"))
  }
]

const failed = (failure_cause: string) => ({ status: "failed_pairing", failure_cause, charged: 0 })

describe("a server that dies while extensions fail and chats end", () => {
  it.live("finishes or undoes each, and the books add up", () =>
    Effect.gen(function*() {
      const context = yield* runScript(steps, { extension_timeout_seconds: 120, closing_grace_seconds: 4 }, {
        brief: 6
      })
      yield* Effect.promise(async () => {
        assert.deepStrictEqual(await paymentRow(context, "no"), failed("extension_rejected"))
        assert.deepStrictEqual(await paymentRow(context, "no by itself"), failed("extension_timeout"))
        const late = await paymentRow(context, "late")
        assert.include(["SESSION_CLOSING", "SESSION_OVER"], late.failure_cause)
        assert.deepStrictEqual(late, failed(late.failure_cause))
        assert.deepInclude(await paymentRow(context, "yes by itself"), { status: "consumed", charged: 1 })
        const brief = { status: "completed", ended_by: "clock" }
        assert.deepInclude(await sessionRow(context, "brief"), brief)
        assert.deepInclude(await sessionRow(context, "extended"), brief)
        assert.deepInclude(await sessionRow(context, "rejected"), { status: "completed", ended_by: "mitra" })
        assert.deepInclude(await sessionRow(context, "forced"), { status: "completed", ended_by: "staff" })
        const audited = await context.books.query(
          `SELECT action, count(*)::int AS times FROM audit_log
           WHERE action IN ('session.force_close', 'session.reroute') GROUP BY action ORDER BY action`
        )
        assert.deepStrictEqual(audited, [
          { action: "session.force_close", times: 1 },
          { action: "session.reroute", times: 1 }
        ])
        const [served] = await context.books.query(
          `SELECT (ledger->'entries'->0->>'charged_ms')::int AS ms FROM chat_sessions
           WHERE id = '${context.fact("brief")}'`
        )
        assert.strictEqual(served.ms, 6000, "the brief chat served what was paid, to the millisecond")
      })
    }), 300_000)
})
