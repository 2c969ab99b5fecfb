// Rotation: a token is exchanged for one successor, however often it is shown in time; shown again after the
// grace, when its successor was used, it is a copy: who shows it is refused, and the whole sign-in is over.
import { createHash } from "node:crypto"
import type { AuthSessionRow } from "../../../testkit/memory/store/tables.ts"
import { answerOf, type MakeRule, type Phone, refusalOf } from "../rule.ts"
import type { Answer, CallFailure } from "../../clients/connection.ts"

const graceMs = 10_000
const clockMs = 5_000

interface Shown {
  readonly row: AuthSessionRow
  readonly at_ms: number
  /** A token that this one was exchanged for had been used by then. */
  readonly arrived: boolean
}

export const rotation: MakeRule = (context, complain) => {
  const { tables } = context
  const shown = new Map<string, Shown>()
  const successorsOf = ({ family_id, id }: AuthSessionRow) =>
    tables.auth_sessions.where("family", family_id).filter(({ rotated_from }) => rotated_from === id)

  const note = (refresh_token: string) => {
    const hash = createHash("sha256").update(refresh_token).digest("hex")
    const [row] = tables.auth_sessions.where("hash", hash)
    if (row === undefined) return
    const arrived = successorsOf(row).some(({ rotated_at, used_at }) =>
      used_at !== null || rotated_at !== null
    )
    shown.set(refresh_token, { row, at_ms: context.now_ms(), arrived })
  }

  const answered = (phone: Phone, refresh_token: string, outcome: Answer | CallFailure) => {
    const known = shown.get(refresh_token)
    shown.delete(refresh_token)
    if (known === undefined || context.clocksTrueFor_ms() < 60_000) return
    const { arrived, at_ms, row } = known
    const about = { people: [phone.name] }
    const ago = row.rotated_at === null ? null : at_ms - row.rotated_at
    const family = tables.auth_sessions.where("family", row.family_id)
    const isOver = family.every(({ revoked_at }) => revoked_at !== null)
    if (refusalOf(outcome) === "REFRESH_REUSED") {
      const latest = tables.auth_sessions.get(row.id)?.rotated_at ?? null
      if (latest === null || context.now_ms() - latest <= graceMs - clockMs) {
        complain(`${phone.name} was told that a token was copied, which was shown in time`, about)
      }
      if (!isOver) complain(`${phone.name}'s sign-in goes on, though its token was copied`, about)
    }
    const isCopy = ago !== null && ago > graceMs + clockMs && arrived
    if (isCopy && answerOf(outcome) !== null) {
      complain(`${phone.name} exchanged a token again, ${ago} ms after its successor was made`, about)
    }
  }

  return {
    rows: {
      auth_sessions: ({ after, before }) => {
        if (after === undefined || before !== undefined || after.rotated_from === null) return
        const from = tables.auth_sessions.get(after.rotated_from)
        if (from === undefined) return
        if (successorsOf(from).length > 1) complain("a token was exchanged for two")
        if (after.user_id !== from.user_id || after.family_id !== from.family_id) {
          complain("a token was exchanged for one of another sign-in")
        }
        if (from.revoked_at !== null && from.revoked_at < after.created_at - clockMs) {
          complain("a token was exchanged after its sign-in was over")
        }
      }
    },
    sent: (_phone, tag, { refresh_token }) => {
      if (tag === "auth.refresh" && typeof refresh_token === "string") note(refresh_token)
    },
    called: (phone, tag, { refresh_token }, outcome) => {
      if (tag === "auth.refresh" && typeof refresh_token === "string") answered(phone, refresh_token, outcome)
    }
  }
}
