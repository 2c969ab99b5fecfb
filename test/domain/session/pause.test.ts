// A chat whose mitra is deactivated: its paid clock stands until another takes over, she is back, or so long
// has passed; what could not be served is owed, and nothing of it is lost on the way.
import { assert, it } from "@effect/vitest"
import { isBalanced, owedMs, remainingMs } from "../../../src/domain/ledger.ts"
import type { Absence, SessionState } from "../../../src/domain/session/state.ts"
import * as given from "./given.ts"
import { assertHappened, assertRefused, at, customer, deadlineSeconds } from "./given.ts"

const gone = { cause: "mitra_deactivated", since: at(100) } as const
const check = (
  state: SessionState,
  seconds: number,
  mitra_absence: Absence | null,
  settings: given.World["settings"] = {}
) => given.tell(state, seconds, { _tag: "CheckMitra" }, { mitra_absence, settings })

/** Paired at second 10 for 720 s; her mitra is deactivated at second 100, with 630 s left. */
const paused = () => check(given.active(), 100, gone).state

it("The clock of a chat stands from the instant in which its mitra is deactivated", () => {
  const told = check(given.active(), 100, gone)
  assertHappened(told, ["MitraWentAway"])
  const { state } = told
  assert.deepInclude(state, { status: "active", ends_at: null })
  assert.deepStrictEqual(state.absence, { ...gone, paused_until: at(700) })
  assert.strictEqual(deadlineSeconds(state), 700)
  assert.strictEqual(remainingMs(state.ledger, at(699)), 630_000)
  assertHappened(given.tick(state, 699.999), [])
  assertHappened(given.send(state, 200, customer), ["MessageSent"])
})

it("Whoever takes over has all that was left, and so does she when she is back", () => {
  const handed = given.reroute(paused(), 400)
  assert.deepInclude(handed.state, { ends_at: at(400 + 630), absence: null, mitra_id: "mitra-2" })
  const back = check(paused(), 250, null)
  assert.deepStrictEqual(back.events, [{ _tag: "MitraCameBack", at: at(250), ends_at: at(250 + 630) }])
  assert.strictEqual(back.state.ends_at, at(250 + 630))
  const { ledger } = given.tick(back.state, 880).state
  assert.deepStrictEqual(ledger.entries.map(({ charged_ms, reason, state }) => [state, reason, charged_ms]), [
    ["served", "paired", 90_000],
    ["paused", "mitra_deactivated", 0],
    ["served", "mitra_back", 630_000]
  ])
  assert.strictEqual(owedMs(ledger), 0)
})

it("Activated again and not yet there, she has brought no time back", () => {
  const { state } = check(paused(), 200, { cause: "mitra_offline", since: at(150) })
  assert.deepInclude(state, { ends_at: null })
  assert.strictEqual(state.absence?.paused_until, at(700))
  assertHappened(given.tick(state, 700), ["ClosingStarted"])
})

it("When nobody took over in time the chat closes, and the rest is owed to the customer", () => {
  const told = given.tick(paused(), 720)
  assert.deepStrictEqual(told.events, [
    { _tag: "ClosingStarted", at: at(700), reason: "mitra_gone", closing_ends_at: at(1000) }
  ])
  const { ledger } = told.state
  assert.isTrue(isBalanced(ledger))
  assert.strictEqual(owedMs(ledger), 630_000)
})

it("A customer or staff who end it before that lose nothing either", () => {
  assert.strictEqual(owedMs(given.end(paused(), 300, customer).state.ledger), 630_000)
  assert.strictEqual(owedMs(given.forceClose(paused(), 300).state.ledger), 630_000)
  assert.strictEqual(owedMs(given.end(given.active(), 300, customer).state.ledger), 0)
})

it("An extension that waited for her when she was deactivated ends the chat, and the rest is owed", () => {
  const away = check(given.extending(), 105, { ...gone, since: at(105) }).state
  const told = given.tick(away, 110, { mitra_is_reachable: false })
  assertHappened(told, ["ClosingStarted"])
  assert.strictEqual(owedMs(told.state.ledger), 630_000)
})

it("No time can be added while it stands", () => {
  assertRefused(given.extend(paused(), 200), "SESSION_PAUSED")
  assertHappened(given.extend(given.reroute(paused(), 200).state, 210), ["ExtensionRequested"])
})

it("Switched off the clock runs on, under the reason, and an early end still owes the rest", () => {
  const { state } = check(given.active(), 100, gone, { mitra_gone_pause_seconds: 0 })
  assert.strictEqual(state.ends_at, at(given.ACTIVE_ENDS))
  assert.strictEqual(state.ledger.open?.reason, "mitra_deactivated")
  assert.strictEqual(owedMs(given.end(state, 300, customer).state.ledger), 430_000)
})
