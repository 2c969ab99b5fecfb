// One page of past sessions, older or newer than a cursor, and the cursors to go on from it. A cursor is the
// end of a session, as the reader sees it, and its id.
import * as Effect from "effect/Effect"
import { cursorOf, cursorText } from "../../../domain/page-cursor.ts"
import { type Refusal, refuse } from "../../../domain/refusal.ts"
import type { SessionState } from "../../../domain/session/state.ts"
import type { PastPage } from "../../../services/sessions/session-views.ts"

export interface AskedPage {
  readonly before: string | null
  readonly after?: string | null
  readonly limit: number
}

const check = ({ after = null, before }: AskedPage): Refusal | null => {
  if (before !== null && after !== null) return refuse("BAD_REQUEST", "Give before or after, not both.")
  const given = before ?? after
  return given === null || cursorOf(given) !== null
    ? null
    : refuse("BAD_REQUEST", "A cursor must be the next or the newest of an earlier page.", { given })
}

export const pageOf = Effect.fnUntraced(function*<E, R>(
  asked: AskedPage,
  read: (page: PastPage) => Effect.Effect<ReadonlyArray<SessionState>, E, R>,
  endedAt: (state: SessionState) => number | null
) {
  const wrong = check(asked)
  if (wrong !== null) return yield* Effect.fail(wrong)
  const { after = null, before, limit } = asked
  // One more than asked for tells whether there is a next page.
  const found = yield* read({ before, after, limit: limit + 1 })
  const sessions = after === null ? found.slice(0, limit) : found.slice(-limit)
  const cursorAt = (state: SessionState | undefined) =>
    state === undefined ? null : cursorText(endedAt(state), state.id)
  return {
    sessions,
    // What is newer than a cursor always has the cursor's own session before it.
    next: after !== null || found.length > limit ? cursorAt(sessions.at(-1)) : null,
    newest: cursorAt(sessions[0])
  }
})
