// Staff give a running chat to another mitra, on a real server with real sockets: the chat goes on, the mitra
// who had it hears nothing more, and the deactivation of a mitra proposes her chats.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { freshDatabaseUrl } from "../support/postgres.ts"
import { type ServerProcess, startServer } from "../support/server-process.ts"
import { commandId, customer, history, isFact, mitra, pair, reconnected, send } from "./people.ts"
import { adminCall, signInAdmin } from "./staff.ts"

const withServer = (story: (server: ServerProcess) => Promise<void>) =>
  Effect.gen(function*() {
    const server = yield* Effect.flatMap(freshDatabaseUrl, (url) => startServer(url))
    yield* Effect.promise(() => story(server))
  })

const codeOf = async (call: Promise<unknown>): Promise<string> => {
  try {
    await call
    return "answered"
  } catch (error) {
    return (error as { code?: string }).code ?? String(error)
  }
}

describe("a reroute on a real server", () => {
  it.live(
    "hands the chat over whole, once, and shows each of the three what is theirs",
    () =>
      withServer(async (server) => {
        const sari = await customer(server)
        const ayu = await mitra(server, 1)
        const session_id = await pair(server, sari, ayu, "chat_5")
        await send(sari, session_id, "Halo kak")
        const bunga = await mitra(server, 2)
        const token = await signInAdmin(server)
        const { candidates } = await adminCall(server, token, "admin.session_candidates", {
          session_id,
          limit: 5
        })
        assert.deepStrictEqual(candidates.map((one: { mitra_id: string }) => one.mitra_id), [bunga.id])
        const order = {
          command_id: commandId(),
          session_id,
          from_mitra_id: ayu.id,
          mitra_id: bunga.id,
          reason: "she fell ill"
        }
        // A double click: two calls at the same time.
        const [first, second] = await Promise.all([
          adminCall(server, token, "admin.reroute", order),
          adminCall(server, token, "admin.reroute", order)
        ])
        assert.deepStrictEqual(first.assignments, second.assignments)
        assert.lengthOf(first.assignments, 2)
        for (const person of [sari, ayu, bunga]) {
          await person.phone.event("rerouted", isFact("rerouted"), 5000)
        }
        assert.strictEqual(await codeOf(send(ayu, session_id, "tunggu")), "SESSION_REROUTED")
        await send(bunga, session_id, "Hai, aku Bunga")
        await sari.phone.event("a message", isFact("message"), 5000)
        const whole = ["Halo kak", "Hai, aku Bunga"]
        for (const [person, texts] of [[sari, whole], [bunga, whole], [ayu, ["Halo kak"]]] as const) {
          assert.deepStrictEqual((await history(person, session_id)).map(([, text]) => text), texts)
        }
        ayu.phone.cut()
        const back = await reconnected(ayu, server)
        const { sessions } = await back.phone.call("chat.sessions", { before: null, limit: 5 })
        assert.deepStrictEqual(sessions.map((one: { end_reason: string }) => one.end_reason), ["rerouted"])
        await sari.phone.call("chat.end", { command_id: commandId(), session_id })
        await sari.phone.call("chat.goodbye", { command_id: commandId(), session_id, text: "Dadah" })
        const over = await adminCall(server, token, "admin.inspect_session", { session_id })
        assert.isTrue(over.ledger.is_balanced)
        assert.isNotNull(over.assignments[1].ended_at)
        const log = await adminCall(server, token, "admin.audit_log", { before: null, limit: 10 })
        const reroutes = log.entries.filter((entry: { action: string }) => entry.action === "session.reroute")
        assert.lengthOf(reroutes, 1)
      }),
    60_000
  )

  it.live(
    "is proposed when the mitra is deactivated, and accepted by doing it",
    () =>
      withServer(async (server) => {
        const sari = await customer(server)
        const ayu = await mitra(server, 1)
        const session_id = await pair(server, sari, ayu, "chat_5")
        const bunga = await mitra(server, 2)
        const token = await signInAdmin(server)
        const left = await adminCall(server, token, "admin.deactivate_mitra", {
          command_id: commandId(),
          mitra_id: ayu.id
        })
        assert.deepStrictEqual(left.running_sessions, [session_id])
        const proposals = (status: string) =>
          adminCall(server, token, "admin.session_proposals", { status, before: null, limit: 5 })
        await openProposal(() => proposals("open"))
        await send(sari, session_id, "Kak?")
        await adminCall(server, token, "admin.reroute", {
          command_id: commandId(),
          session_id,
          from_mitra_id: ayu.id,
          mitra_id: bunga.id,
          reason: "deactivated"
        })
        const accepted = await proposals("accepted")
        assert.deepInclude(accepted.proposals[0], { session_id, cause: "mitra_deactivated" })
        const { ledger } = await adminCall(server, token, "admin.inspect_session", { session_id })
        assert.deepStrictEqual(ledger.entries.map((entry: { reason: string }) => entry.reason), [
          "paired",
          "mitra_deactivated"
        ])
        assert.strictEqual(ledger.open.reason, "rerouted")
      }),
    60_000
  )
})

/** The proposal follows the deactivation's commit: within a second, as the sweep is not waited for. */
const openProposal = async (read: () => Promise<{ readonly proposals: ReadonlyArray<unknown> }>) => {
  const giveUpAt = performance.now() + 1000
  for (;;) {
    const { proposals } = await read()
    if (proposals.length > 0) return
    if (performance.now() > giveUpAt) throw new Error("no proposal within a second")
  }
}
