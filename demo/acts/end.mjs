// Act four: the paid time runs out to the second, both say goodbye, and the history is what was said.
import { actionId, ofSession } from "../clients.mjs"
import { check, refused, same, say, step } from "../timeline.mjs"

const lateAllowedMs = 1_000

const timeRunsOut = async (world) => {
  const { sessionId, sari, mitra } = world
  const endsAt = Date.parse(world.session.ends_at)
  const leftMs = endsAt - sari.phone.clock.now()
  check(leftMs > 0, "the chat took less time than was paid for", leftMs)
  say("--", `${(leftMs / 1000).toFixed(1)} s of paid time are left; nobody says anything`)
  for (const { name, phone } of [sari, mitra]) {
    const { event, arrivedAt } = await phone.event(
      "closing",
      ofSession(sessionId, "closing"),
      leftMs + lateAllowedMs + 5_000
    )
    const servedMs = Date.parse(event.at) - Date.parse(world.session.started_at)
    same(servedMs, world.tier.duration_seconds * 1000, "the paid time ended exactly when it was used up")
    same(event.fact.reason, "time_up", "the clock ended it")
    const lateMs = arrivedAt - endsAt
    check(
      Math.abs(lateMs) <= lateAllowedMs + phone.clock.uncertaintyMs,
      `${name} is told within ${lateAllowedMs} ms`,
      lateMs
    )
    say(name, `is cut off after ${(servedMs / 1000).toFixed(3)} s, told ${lateMs.toFixed(0)} ms later`)
  }
  for (const { name, phone } of [sari, mitra]) {
    const late = { session_id: sessionId, client_message_id: actionId(), body: "satu lagi..." }
    await refused(phone.call("chat.send", late), "SESSION_CLOSING", `${name} cannot send after the end`)
  }
  say("--", "a message after the end: SESSION_CLOSING")
}

const goodbyes = async (world) => {
  const { sessionId, sari, mitra } = world
  const leave = (from, text) =>
    from.phone.call("chat.goodbye", { command_id: actionId(), session_id: sessionId, text })
  const waiting = await leave(mitra, "Semangat terus ya, Sari!")
  same(waiting.status, "closing", "the mitra's goodbye alone does not close the session")
  say(mitra.name, "says goodbye")
  const done = await leave(sari, "Makasih banyak, kak")
  same(done.status, "completed", "the customer's goodbye completes the session")
  say("Sari", "says goodbye")
  for (const { name, phone } of [sari, mitra]) {
    const { event } = await phone.event("completed", ofSession(sessionId, "completed"))
    same([event.fact.reason, event.fact.ended_by], ["goodbye", "clock"], `${name} sees how it ended`)
    const notes = phone.log.map((entry) => entry.event)
      .filter(ofSession(sessionId, "goodbye")).map((note) => [note.fact.side, note.fact.text])
    same(
      notes,
      [["mitra", "Semangat terus ya, Sari!"], ["customer", "Makasih banyak, kak"]],
      `${name} has both goodbyes`
    )
    say(name, "sees the session completed")
  }
}

const pages = async (phone, sessionId, limit) => {
  const messages = []
  for (let has_more = true; has_more;) {
    const after_seq = messages.at(-1)?.seq ?? 0
    const page = await phone.call("chat.history", {
      session_id: sessionId,
      before_seq: null,
      after_seq,
      limit
    })
    check(page.messages.length <= limit, "a page is never longer than asked for", page.messages.length)
    messages.push(...page.messages)
    has_more = page.has_more && page.messages.length > 0
  }
  return messages
}

const history = async (world) => {
  const { sessionId, sari, mitra } = world
  const said = world.sent.map(({ seq, message_id, body }) => [seq, message_id, body])
  for (const { name, phone } of [sari, mitra]) {
    const found = await pages(phone, sessionId, 4)
    same(
      found.map((view) => [view.seq, view.message_id, view.body]),
      said,
      `${name}'s history is what was said`
    )
    const latest = await phone.call("chat.history", {
      session_id: sessionId,
      before_seq: null,
      after_seq: null,
      limit: 3
    })
    same(
      latest.messages.map((view) => view.seq),
      said.slice(-3).map(([seq]) => seq),
      "the latest page is the end"
    )
    const { sessions } = await phone.call("chat.sessions", { before: null, limit: 10 })
    const past = sessions.find((view) => view.session_id === sessionId)
    same([past?.status, past?.ended_by], ["completed", "clock"], `${name} finds it among past sessions`)
    say(name, `reads the history: ${found.length} messages, the same on both phones`)
  }
}

/** Over the whole demo, the cut included: each phone saw every number once, in order. */
const nothingLost = async (world) => {
  const { sessionId, sari, mitra } = world
  for (const { name, phone } of [sari, mitra]) {
    const seqs = phone.log.map(({ event }) => event)
      .filter((event) => event._tag === "session" && event.session_id === sessionId).map((event) => event.seq)
    same(seqs, seqs.map((_, index) => seqs[0] + index), `${name} saw every event once, in order`)
    same([phone.doubled, phone.skipped], [0, 0], `${name} saw nothing twice and no gap`)
    say(name, `saw #${seqs[0]} to #${seqs.at(-1)}, each once`)
  }
}

const goOffline = async (world) => {
  for (const { name, phone } of world.mitras) {
    const status = await phone.call("mitra.go_offline", { command_id: actionId() })
    same(status.is_online, false, `${name} is offline`)
  }
  say("--", "the mitras go offline")
}

export const end = async (world) => {
  await step("time runs out, to the second", () => timeRunsOut(world), 60_000)
  await step("goodbye", () => goodbyes(world))
  await step("the history", () => history(world))
  await step("nothing lost, nothing doubled", () => nothingLost(world))
  await step("the mitras go home", () => goOffline(world))
}
