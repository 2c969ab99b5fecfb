// Line: the place in the line that a customer is shown is one more than there were older requests, at some
// instant between the question and the answer; and who waits in the line is shown a place.
import type { ChatSessionRow } from "../../../testkit/memory/store/tables.ts"
import { answerOf, type MakeRule, type Phone } from "../rule.ts"
import type { Answer } from "../../clients/connection.ts"
import { Numbers } from "./numbers.ts"
import { Asked } from "./past.ts"

/** Clocks of two servers differ by so much while nothing is wrong with them. */
const clockMs = 5_000
/** Nobody is told of more. */
const countedMost = 200
/** No question is under way for longer. */
const forgottenAfterMs = 60_000

interface Waiting {
  readonly row: ChatSessionRow
  readonly from_ms: number
  /** It has asked somebody: it has no place to be shown, and is still ahead of others. */
  asked_ms: number | null
  to_ms: number | null
}

const isOlder = (a: ChatSessionRow, b: ChatSessionRow): boolean =>
  a.requested_at < b.requested_at || a.requested_at === b.requested_at && a.id < b.id

export const line: MakeRule = (context, complain) => {
  const numbers = new Numbers(context)
  const waiting = new Map<string, Waiting>()
  const asked = new Asked<Phone>()
  const keyOf = (tag: string, { command_id, session_id }: Answer) => `${tag}/${command_id ?? session_id}`

  const moved = (after: ChatSessionRow) => {
    const now = context.now_ms()
    const known = waiting.get(after.id)
    const isOpen = after.status === "searching" || after.status === "pending_acceptance"
    if (known === undefined) {
      if (isOpen) waiting.set(after.id, { row: after, from_ms: now, asked_ms: null, to_ms: null })
    } else if (!isOpen) known.to_ms ??= now
    else if (after.status === "pending_acceptance") known.asked_ms ??= now
  }

  const forget = () => {
    for (const [id, { to_ms }] of waiting) {
      if (to_ms !== null && context.now_ms() - to_ms > forgottenAfterMs) waiting.delete(id)
    }
  }

  const check = (phone: Phone, answer: Answer, since: number) => {
    const mine = waiting.get(answer["session_id"])
    if (mine === undefined || context.clocksTrueFor_ms() < forgottenAfterMs) return
    const now = context.now_ms()
    const about = { session_id: mine.row.id, people: [phone.name] }
    const place: number | undefined = answer["queue"]?.position
    if (place === undefined) {
      const mustStand = mine.row.kind === "blast" && mine.from_ms < since && mine.asked_ms === null &&
        mine.to_ms === null && answer["status"] === "searching" &&
        numbers.surely("pairing_queue_enabled", true)
      if (mustStand) complain(`${phone.name} waits in the line and is shown no place`, about)
      return
    }
    const ahead = [...waiting.values()].filter(({ row }) => row.kind === "blast" && isOlder(row, mine.row))
    const most =
      ahead.filter(({ from_ms, row, to_ms }) =>
        from_ms <= now && (to_ms === null || to_ms >= since) && row.search_ends_at > since - clockMs
      ).length
    const least =
      ahead.filter(({ from_ms, row, to_ms }) =>
        from_ms < since && to_ms === null && row.search_ends_at > now + clockMs
      ).length
    if (place > Math.min(least, countedMost) && place <= Math.min(most, countedMost) + 1) return
    complain(`${phone.name} is shown place ${place}; ${least} to ${most} requests are older`, about)
  }

  return {
    rows: {
      settings: numbers.changed,
      chat_sessions: ({ after, before }) => {
        if (after === undefined || after.status === before?.status) return
        moved(after)
        if (before === undefined) forget()
      }
    },
    sent: (phone, tag, payload) => {
      if (phone.role === "customer") asked.ask(phone, keyOf(tag, payload), context.now_ms())
    },
    called: (phone, tag, payload, outcome) => {
      if (phone.role !== "customer") return
      const since = asked.answered(phone, keyOf(tag, payload))
      const answer = answerOf(outcome)
      if (since !== null && answer !== null && "queue" in answer) check(phone, answer, since)
    }
  }
}
