// Rules of the oracle on money, places, names and tokens: each complains about a broken history, and lets the
// sound one beside it pass.
import { createHash } from "node:crypto"
import { assert, describe, it } from "@effect/vitest"
import { identity } from "../../../simulator/checkers/oracle/identity.ts"
import { line } from "../../../simulator/checkers/oracle/line.ts"
import { lockOuts } from "../../../simulator/checkers/oracle/lock-outs.ts"
import { Numbers } from "../../../simulator/checkers/oracle/numbers.ts"
import { orders } from "../../../simulator/checkers/oracle/orders.ts"
import { reading } from "../../../simulator/checkers/oracle/reading.ts"
import { rotation } from "../../../simulator/checkers/oracle/rotation.ts"
import { Refused } from "../../../simulator/clients/connection.ts"
import type { AuthSessionRow, Tables } from "../../../testkit/memory/store/tables.ts"
import { history, startMs } from "./history.ts"
import { active, all, message, payment, put, session } from "./rows.ts"

const text = (recorded: { readonly complaints: ReadonlyArray<string> }) => recorded.complaints.join("\n")
const refused = (code: string, details = {}) => new Refused("call", { code, message: "", details })

describe("line", () => {
  const shown = (position: number | null) => {
    const recorded = history(line)
    const sari = recorded.phone("sari", "customer")
    recorded.commit(all(
      put.session(session({ id: "older", customer_id: "budi", requested_at: startMs - 1_000 })),
      put.session(session({ id: "younger", customer_id: "tono", requested_at: startMs + 1 })),
      put.session(session())
    ))
    recorded.passes(1_000)
    const payload = { session_id: "chat" }
    recorded.sends(sari, "customer.request_status", payload)
    const queue = position === null ? null : { position, estimated_wait_seconds: null }
    recorded.calls(sari, "customer.request_status", payload, { ...payload, status: "searching", queue })
    return text(recorded)
  }

  it("counts the older requests, and no others", () => {
    assert.strictEqual(shown(2), "")
    assert.include(shown(1), "sari is shown place 1; 1 to 1 requests are older")
    assert.include(shown(3), "sari is shown place 3")
    assert.include(shown(null), "sari waits in the line and is shown no place")
  })
})

describe("orders", () => {
  const tier = { id: "chat_5", label: "", mode: "chat", duration_seconds: 300, price_idr: 15_000 } as const
  const ordered = (change: Parameters<typeof payment>[0], discounted = false) => {
    const recorded = history(orders)
    const sari = recorded.phone("sari", "customer")
    recorded.commit((tables) => {
      tables.pricing_tiers.set("chat_5", { ...tier, is_active: true, version: 1, updated_at: 0 })
      const rule = { kind: "percent", value: 33, is_active: true, version: 1, updated_at: 0 } as const
      if (discounted) tables.pricing_discounts.set("first_session", rule)
      tables.customers.set("sari", { id: "sari", phone: "+628110000001" } as never)
    })
    recorded.sends(sari, "customer.create_payment", { tier_id: "chat_5", topic: "regular" })
    const order = { tier_id: "chat_5", topic: "regular", mode: "chat", discount_idr: 0 } as const
    recorded.commit(put.payment(payment({ ...order, ...change })))
    return text(recorded)
  }

  it("cost what is on the list, less the discount, to the rupiah", () => {
    assert.strictEqual(ordered({}), "")
    assert.strictEqual(ordered({ amount_idr: 10_050, discount_idr: 4_950 }, true), "")
    assert.include(ordered({ amount_idr: 14_999 }), "ordered: 14999 for 300 s of chat, which was not on sale")
    assert.include(ordered({ duration_seconds: 301 }), "which was not on sale")
    assert.include(ordered({ amount_idr: 10_049, discount_idr: 4_951 }, true), "4951 off 15000")
    assert.include(ordered({ topic: "sensitive" }), "an order nobody asked for")
  })

  const first = (
    options: { readonly needsPhone: boolean; readonly phone: string | null; readonly off: number }
  ) => {
    const recorded = history(orders)
    const sari = recorded.phone("sari", "customer")
    const { needsPhone, off, phone } = options
    recorded.commit((tables) => {
      tables.pricing_tiers.set("chat_5", { ...tier, is_active: true, version: 1, updated_at: 0 })
      const rule = { kind: "percent", value: 50, is_active: true, version: 1, updated_at: 0 } as const
      tables.pricing_discounts.set("first_session", rule)
      const key = "first_session_discount_needs_phone"
      tables.settings.set(key, { key, value: needsPhone, updated_at: 0 } as never)
      tables.customers.set("sari", { id: "sari", phone } as never)
    })
    recorded.passes(300_000)
    recorded.sends(sari, "customer.create_payment", { tier_id: "chat_5", topic: "regular" })
    const order = { tier_id: "chat_5", topic: "regular", mode: "chat" } as const
    recorded.commit(put.payment(payment({ ...order, amount_idr: 15_000 - off, discount_idr: off })))
    return text(recorded)
  }

  it("are discounted for everybody who has a right to it, and for nobody else", () => {
    const phone = "+628110000001"
    const withheld = "a first session at the full price, in spite of the discount"
    assert.include(first({ needsPhone: true, phone, off: 0 }), withheld)
    assert.include(first({ needsPhone: false, phone: null, off: 0 }), withheld)
    assert.strictEqual(first({ needsPhone: true, phone: null, off: 0 }), "")
    assert.strictEqual(first({ needsPhone: true, phone, off: 7_500 }), "")
    assert.strictEqual(first({ needsPhone: false, phone: null, off: 7_500 }), "")
    assert.include(
      first({ needsPhone: true, phone: null, off: 7_500 }),
      "a discount for an account without a phone"
    )
  })
})

describe("identity", () => {
  const sent = (sender_id: string) => (tables: Tables) =>
    void tables.commands_seen.set("key", {
      actor_id: "chat",
      sender_id,
      command_id: "command-1",
      outcome: {},
      at: startMs
    } as never)

  it("sees an answer to a command of somebody else, an order and a message of another", () => {
    const ends = (sender: string) => {
      const recorded = history(identity)
      const sari = recorded.phone("sari", "customer")
      recorded.commit(sent(sender))
      const payload = { session_id: "chat", command_id: "command-1" }
      recorded.calls(sari, "chat.end", payload, { session_id: "chat" })
      return text(recorded)
    }
    assert.strictEqual(ends("customer:sari"), "")
    assert.include(ends("mitra:ayu"), "sari was answered for a chat.end of mitra:ayu")
    const recorded = history(identity)
    const sari = recorded.phone("sari", "customer")
    recorded.commit(
      all(put.payment(payment({ customer_id: "budi" })), put.message(message({ sender_id: "ayu" })))
    )
    recorded.calls(sari, "customer.create_payment", { command_id: "1" }, { payment_id: "payment" })
    assert.include(text(recorded), "sari was given the order of somebody else")
    const written = { session_id: "chat", client_message_id: "sari-1" }
    recorded.calls(sari, "chat.send", written, { seq: 1, message_id: "message" })
    assert.include(text(recorded), "sari was told that another message is hers")
  })
})

describe("rotation", () => {
  const hashOf = (token: string) => createHash("sha256").update(token).digest("hex")
  const row = (id: string, change: Partial<AuthSessionRow> = {}): AuthSessionRow => ({
    id,
    family_id: "first",
    user_type: "customer",
    user_id: "sari",
    refresh_hash: hashOf(id),
    created_at: startMs,
    expires_at: startMs + 1_000_000,
    rotated_from: null,
    used_at: null,
    rotated_at: null,
    revoked_at: null,
    revoked_reason: null,
    ...change
  })
  const stored = (...rows: ReadonlyArray<AuthSessionRow>) => (tables: Tables) => {
    for (const each of rows) tables.auth_sessions.set(each.id, each)
  }
  const copied = () => {
    const recorded = history(rotation)
    recorded.commit(stored(
      row("first", { rotated_at: startMs, used_at: startMs }),
      row("second", { rotated_from: "first", used_at: startMs + 1 })
    ))
    const sari = recorded.phone("sari", "customer")
    return { recorded, sari }
  }

  it("sees a copied token that is exchanged, and a sign-in that outlives it", () => {
    const { recorded, sari } = copied()
    recorded.passes(20_000)
    recorded.sends(sari, "auth.refresh", { refresh_token: "first" })
    recorded.calls(sari, "auth.refresh", { refresh_token: "first" }, { access_token: "a" })
    assert.include(text(recorded), "sari exchanged a token again, 20000 ms after its successor was made")
    recorded.sends(sari, "auth.refresh", { refresh_token: "first" })
    recorded.calls(sari, "auth.refresh", { refresh_token: "first" }, refused("REFRESH_REUSED"))
    assert.include(text(recorded), "sari's sign-in goes on, though its token was copied")
  })

  it("sees a token that was called copied in time, and one that was exchanged for two", () => {
    const { recorded, sari } = copied()
    recorded.passes(1_000)
    recorded.sends(sari, "auth.refresh", { refresh_token: "first" })
    recorded.calls(sari, "auth.refresh", { refresh_token: "first" }, { access_token: "a" })
    assert.deepStrictEqual(recorded.complaints, [])
    recorded.sends(sari, "auth.refresh", { refresh_token: "first" })
    recorded.calls(sari, "auth.refresh", { refresh_token: "first" }, refused("REFRESH_REUSED"))
    assert.include(text(recorded), "which was shown in time")
    recorded.commit(stored(row("third", { rotated_from: "first" })))
    assert.include(text(recorded), "a token was exchanged for two")
  })
})

describe("settings", () => {
  it("count everywhere ten seconds after a change, and later where something was broken", () => {
    const changed = (isSteady: boolean) => {
      const recorded = history((context) => {
        const numbers = new Numbers(context)
        return {
          rows: { settings: numbers.changed },
          onInterval: () => values.push(numbers.lately("closing_grace_seconds"))
        }
      })
      const values: Array<ReadonlyArray<unknown>> = []
      if (!isSteady) recorded.faulty()
      recorded.passes(200_000)
      recorded.commit((tables) => {
        tables.settings.set("closing_grace_seconds", { value: 60, updated_at: 0 })
      })
      recorded.passes(9_500)
      const before = values.at(-1)
      recorded.passes(1_000)
      return [before, values.at(-1)]
    }
    assert.deepStrictEqual(changed(true), [[300, 60], [60]])
    assert.deepStrictEqual(changed(false), [[300, 60], [300, 60]])
  })
})

describe("lock-outs", () => {
  const guessing = (outcomes: ReadonlyArray<object>) => {
    const recorded = history(lockOuts)
    const boss = recorded.phone("boss", "staff")
    for (const outcome of outcomes) {
      recorded.passes(1_000)
      recorded.sends(boss, "admin.sign_in", { email: "a@b" })
      recorded.calls(boss, "admin.sign_in", { email: "a@b" }, outcome)
    }
    return text(recorded)
  }
  const wrong = refused("CREDENTIALS_INVALID")
  const locked = (retry_after_seconds: number) => refused("ACCOUNT_LOCKED", { retry_after_seconds })
  const five = [wrong, wrong, wrong, wrong, wrong]

  it("begin with the sixth guess, not before, and last for a quarter of an hour", () => {
    assert.strictEqual(guessing([...five, locked(895)]), "")
    assert.include(guessing([...five, wrong]), "boss could guess on after 5 wrong passwords in 5000 ms")
    assert.include(guessing([...five, { access_token: "a" }]), "boss could guess on")
    assert.include(guessing([wrong, locked(900)]), "boss was locked out after 1 guesses")
    assert.include(guessing([...five, locked(1_800)]), "boss is locked out for 1800000 ms")
    const ten = [...five, ...five.map(() => locked(890))]
    assert.strictEqual(guessing([...ten, locked(7_100)]), "", "who goes on waits longer")
  })
})

describe("reading", () => {
  it("counts what is unread in whatever a phone is shown, its snapshot too", () => {
    const recorded = history(reading)
    const ayu = recorded.phone("ayu", "mitra")
    recorded.commit(all(put.session(active({ last_seq: 1 })), put.message(message())))
    recorded.passes(1_000)
    const accept = { session_id: "chat", command_id: "1" }
    recorded.sends(ayu, "mitra.accept", accept)
    recorded.calls(ayu, "mitra.accept", accept, { session_id: "chat", unread: 1 })
    assert.deepStrictEqual(recorded.complaints, [])
    recorded.sends(ayu, "mitra.accept", accept)
    recorded.calls(ayu, "mitra.accept", accept, { session_id: "chat", unread: 2 })
    assert.include(text(recorded), "ayu has 2 unread; there are 1 to 1")
    recorded.sends(ayu, "events.subscribe", {})
    recorded.hears(ayu, {
      _tag: "snapshot",
      sessions: [{ session_id: "chat", unread: 0 }],
      offers: [],
      recovered: []
    })
    assert.include(text(recorded), "ayu has 0 unread; there are 1 to 1")
  })
})
