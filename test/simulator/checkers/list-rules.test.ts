// Rules about whole families of answers: lists, what must be refused, what the audit log says, what is said
// once, the beacon, and pauses for missed offers. Each sees a broken history and passes a sound one.
import { assert, describe, it } from "@effect/vitest"
import { auditValues } from "../../../simulator/checkers/oracle/audit-values.ts"
import { beacon } from "../../../simulator/checkers/oracle/beacon.ts"
import { identity } from "../../../simulator/checkers/oracle/identity.ts"
import { lists } from "../../../simulator/checkers/oracle/lists.ts"
import { missed } from "../../../simulator/checkers/oracle/missed.ts"
import { mustRefuse } from "../../../simulator/checkers/oracle/must-refuse.ts"
import { news } from "../../../simulator/checkers/oracle/news.ts"
import type { Answer } from "../../../simulator/clients/connection.ts"
import type { MitraStatusRow, Tables } from "../../../testkit/memory/store/tables.ts"
import { history, type MadeUpPhone, startMs } from "./history.ts"
import { active, all, mitra, offer, payment, put, session } from "./rows.ts"

const text = (recorded: { readonly complaints: ReadonlyArray<string> }) => recorded.complaints.join("\n")

/** A question and, a second later, its answer. */
const asks = (
  recorded: ReturnType<typeof history>,
  phone: MadeUpPhone,
  tag: string,
  payload: Answer,
  answer: Answer,
  meanwhile: (tables: Tables) => void = () => {}
) => {
  recorded.passes(1_000)
  recorded.sends(phone, tag, payload)
  recorded.commit(meanwhile)
  recorded.passes(1_000)
  recorded.calls(phone, tag, payload, answer)
}

describe("lists", () => {
  const ask = (payments: ReadonlyArray<Answer>, meanwhile?: (tables: Tables) => void) => {
    const recorded = history(lists)
    const sari = recorded.phone("sari", "customer")
    recorded.commit(
      all(put.payment(payment()), put.payment(payment({ id: "other", created_at: startMs + 1 })))
    )
    asks(recorded, sari, "customer.pending_payments", {}, { payments }, meanwhile)
    return text(recorded)
  }
  const shown = (payment_id: string) => ({
    payment_id,
    status: "pending",
    amount_idr: 15_000,
    session_id: null
  })

  it("passes all of a list, newest first, and any that changed while it was asked for", () => {
    assert.strictEqual(ask([shown("other"), shown("payment")]), "")
    assert.strictEqual(ask([shown("other")], put.payment(payment({ status: "abandoned" }))), "")
  })

  it("sees what is left out, another order, and another state than the row has", () => {
    assert.include(ask([shown("other")]), "is shown 1 (other...) of 2")
    assert.include(ask([shown("payment"), shown("other")]), "is shown 2 (payment...) of 2 (other...)")
    assert.include(ask([{ ...shown("other"), status: "confirmed" }, shown("payment")]), "it is pending")
  })

  it("sees an offer that is on neither of two pages", () => {
    const recorded = history(lists)
    const ayu = recorded.phone("ayu", "mitra")
    recorded.commit(all(...["1", "2", "3"].map((session_id) => put.offer(offer({ session_id })))))
    const page = (before: string | null, ids: ReadonlyArray<string>, next: string | null) =>
      asks(recorded, ayu, "mitra.requests", { before, limit: 1 }, {
        requests: ids.map((session_id) => ({ session_id })),
        next
      })
    page(null, ["3"], "3")
    assert.strictEqual(text(recorded), "")
    page("3", ["1"], null)
    assert.include(text(recorded), "is shown 1 (1...) of 1 (2...)")
  })
})

describe("must refuse", () => {
  const order = { command_id: "1", tier_id: "chat_5", topic: "regular" }
  const ordering = (before: (tables: Tables) => void, wanted: Answer = order) => {
    const recorded = history(mustRefuse)
    const sari = recorded.phone("sari", "customer")
    recorded.commit(before)
    asks(
      recorded,
      sari,
      "customer.create_payment",
      wanted,
      { payment_id: "new" },
      put.payment(payment({ id: "new" }))
    )
    return text(recorded)
  }
  const paused = (tables: Tables) =>
    void tables.pauses.set("customer:sari", {
      user_type: "customer",
      user_id: "sari",
      cause: "staff",
      since: startMs,
      lifted_at: null
    })

  it("sees an order of who is paused, one too many, one beside a chat, one for who was never met", () => {
    assert.strictEqual(ordering(() => {}), "")
    assert.include(ordering(paused), "is paused and ordered")
    const five = ["1", "2", "3", "4", "5"].map((id) => put.payment(payment({ id })))
    assert.strictEqual(ordering(all(...five.slice(1))), "")
    assert.include(ordering(all(...five)), "has 5 orders open and made another")
    assert.include(ordering(put.session(active())), "has a request or a chat")
    assert.include(ordering(put.mitra(mitra()), { ...order, target_mitra_id: "ayu" }), "one never met")
    const out = put.mitra(mitra({ is_active: false }))
    assert.include(ordering(out, { ...order, target_mitra_id: "ayu" }), "one who is put out")
  })

  it("sees an answer to a decided extension, and a chat's mitra among those to give it to", () => {
    const recorded = history(mustRefuse)
    const ayu = recorded.phone("ayu", "mitra")
    const staff = recorded.phone("staff", "staff")
    recorded.commit(put.session(active()))
    const answer = { command_id: "1", session_id: "chat", extension_seq: 3, approve: true }
    asks(recorded, ayu, "mitra.answer_extension", answer, { session_id: "chat" })
    assert.include(text(recorded), "answered an extension that was decided")
    asks(recorded, staff, "admin.session_candidates", { session_id: "chat" }, {
      candidates: [{ mitra_id: "ayu" }]
    })
    assert.include(text(recorded), "was shown the mitra of a chat")
  })
})

describe("audit values", () => {
  const closing = (before: string) => {
    const recorded = history(auditValues)
    recorded.commit(put.session(active()))
    recorded.commit((tables) => {
      put.session(session({ status: "completed" }))(tables)
      tables.audit_log.set("1", {
        id: "1",
        staff_id: "staff",
        action: "session.force_close",
        target_type: "session",
        target_id: "chat",
        before: { status: before },
        after: { status: "completed", reason: "reported" },
        peer: "127.0.0.1",
        at: startMs
      })
    })
    return text(recorded)
  }

  it("sees an entry that says of before what was after", () => {
    assert.strictEqual(closing("active"), "")
    assert.include(closing("completed"), "status before \"completed\"; it was \"active\"")
  })
})

describe("news", () => {
  it("sees a mitra who is not told that the paid time runs again", () => {
    const recorded = history(news)
    recorded.phone("ayu", "mitra")
    recorded.commit(put.session(active({ ends_at: null })))
    recorded.commit(put.session(active({ ends_at: startMs + 60_000 })))
    recorded.passes(2_500)
    assert.include(text(recorded), "ayu was not told that the paid time runs again")
  })
})

describe("beacon", () => {
  const online: MitraStatusRow = {
    mitra_id: "ayu",
    is_online: true,
    online_since: startMs,
    is_draining: false,
    hold: null,
    last_heartbeat_at: startMs,
    last_offer_at: null,
    owner_epoch: 1,
    owner_runner: null
  }

  it("sees a count that has not been the truth for long", () => {
    const recorded = history(beacon)
    const sari = recorded.phone("sari", "customer")
    recorded.commit((tables) => {
      put.mitra(mitra())(tables)
      tables.mitra_status.set("ayu", online)
    })
    recorded.passes(5_000)
    recorded.calls(sari, "customer.availability", {}, { available: false, count: 0 })
    recorded.sends(sari, "customer.watch_availability", {})
    recorded.hears(sari, { count: 0 })
    assert.deepStrictEqual(recorded.complaints, [])
    recorded.passes(15_000)
    assert.include(text(recorded), "sari watches and was told of 0 free mitras; there are 1")
  })
})

describe("missed", () => {
  const paused = (endings: ReadonlyArray<number>) => {
    const recorded = history(missed)
    recorded.commit((tables) => {
      tables.settings.set("mitra_missed_offers_pause", { value: 2, updated_at: startMs })
      tables.mitra_online_logs.push({ mitra_id: "ayu", is_online: true, cause: "toggle", at: startMs })
    })
    recorded.commit(
      all(
        ...endings.map((sent_at) =>
          put.offer(offer({ session_id: `${sent_at}`, sent_at, status: "ignored", ending: "expired" }))
        )
      )
    )
    recorded.passes(120_000)
    recorded.commit((tables) => {
      const at = startMs + 120_000
      tables.mitra_online_logs.push({ mitra_id: "ayu", is_online: false, cause: "missed_offers", at })
    })
    return text(recorded)
  }

  it("sees a mitra who is paused for what she missed before she came", () => {
    assert.strictEqual(paused([startMs + 1, startMs + 2]), "")
    assert.include(paused([startMs - 1, startMs + 2]), "missed 1 offers of 2 since she came")
  })
})

describe("identity", () => {
  it("sees somebody who is answered about another's payment", () => {
    const recorded = history(identity)
    const dewi = recorded.phone("dewi", "customer")
    recorded.commit(put.payment(payment()))
    asks(recorded, dewi, "customer.payment_status", { payment_id: "payment" }, { payment_id: "payment" })
    assert.include(text(recorded), "dewi was answered customer.payment_status of what is not hers")
  })
})
