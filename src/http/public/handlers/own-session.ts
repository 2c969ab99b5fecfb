// Reading a session for one of its people, as far as they may see it. Other callers are told the same as if
// there were no such session. Also: giving a command to its actor in the caller's name.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { QueueView, RequestView, SessionView } from "../../../contract/views.ts"
import { type Refusal, refuse } from "../../../domain/refusal.ts"
import { olderCount } from "../../../domain/matching.ts"
import { queueCountMax, queues } from "../../../domain/pairing.ts"
import type { SessionCommand } from "../../../domain/session/commands.ts"
import type { SessionReply } from "../../../domain/session/reply.ts"
import { type SessionState, sideOf } from "../../../domain/session/state.ts"
import { seenBy } from "../../../domain/transcript.ts"
import { SessionViews } from "../../../services/sessions/session-views.ts"
import { Sessions } from "../../../services/sessions/sessions.ts"
import { Settings } from "../../../services/settings/settings.ts"
import type { Unavailable } from "../../../services/platform/unavailable.ts"
import type { Caller } from "../auth/caller.ts"
import { ChatActors } from "../participants.ts"
import { sessionView, viewOfSeen } from "../views/session-view.ts"

type Answer<A, R> = Effect.Effect<A, Refusal | Unavailable, R>

export const sessionNotFound = (sessionId: string): Refusal =>
  refuse("SESSION_NOT_FOUND", "There is no such session.", { session_id: sessionId })

export const ownSession: (caller: Caller, sessionId: string) => Answer<SessionState, Sessions> = Effect
  .fnUntraced(
    function*(caller, sessionId) {
      const state = yield* (yield* Sessions).find(sessionId)
      const seen = state === null ? null : seenBy(state, caller)
      return seen ?? (yield* sessionNotFound(sessionId))
    }
  )

export const viewSessions: (
  caller: Caller,
  states: ReadonlyArray<SessionState>
) => Answer<ReadonlyArray<SessionView>, SessionViews> = Effect.fnUntraced(function*(caller, states) {
  if (states.length === 0) return []
  const unread = yield* (yield* SessionViews).unread(caller.side, states.map((state) => state.id))
  const now = yield* Clock.currentTimeMillis
  return states.flatMap((state) => {
    const seen = seenBy(state, caller)
    // Nothing of a chat that was handed over waits for her any more.
    const count = sideOf(state, caller) === null ? 0 : unread.get(state.id) ?? 0
    return seen === null ? [] : [sessionView(seen, { side: caller.side, unread: count, now })]
  })
})

/** Its place in the line, while it has asked no mitra. */
const queueOf: (state: SessionState) => Answer<QueueView | null, Sessions | SessionViews | Settings> = Effect
  .fnUntraced(
    function*(state) {
      if (state.status !== "searching" || !queues(state, yield* (yield* Settings).current)) return null
      const sessions = yield* Sessions
      const views = yield* SessionViews
      const now = yield* Clock.currentTimeMillis
      const position = 1 + olderCount(yield* sessions.aheadOf(state, now, queueCountMax))
      const end = yield* views.nthEnd(position)
      const estimated_wait_seconds = end === null ? null : Math.max(0, Math.ceil((end - now) / 1000))
      return { position, estimated_wait_seconds }
    }
  )

export const viewOwnRequest: (
  caller: Caller,
  sessionId: string
) => Answer<RequestView, Sessions | SessionViews | Settings> = Effect.fnUntraced(
  function*(caller, sessionId) {
    const state = yield* ownSession(caller, sessionId)
    const [view] = yield* viewSessions(caller, [state])
    return view === undefined ? yield* sessionNotFound(sessionId) : { ...view, queue: yield* queueOf(state) }
  }
)

/** For the answer of an actor of the previous version, which carries no session. */
const viewOwnSession: (caller: Caller, sessionId: string) => Answer<SessionView, Sessions | SessionViews> =
  Effect
    .fnUntraced(
      function*(caller, sessionId) {
        const state = yield* (yield* Sessions).find(sessionId)
        const [view] = state === null ? [] : yield* viewSessions(caller, [state])
        return view ?? (yield* sessionNotFound(sessionId))
      }
    )

/**
 * `commandId` is null for what is harmless to repeat, or deduplicated by something else. `connection` is
 * given where its phone learns everything from the answer, and need not hear of it as an event as well.
 */
export const command: (
  caller: Caller,
  sessionId: string,
  commandId: string | null,
  command: SessionCommand,
  connection?: string
) => Answer<SessionReply, ChatActors> = Effect.fnUntraced(
  function*(caller, sessionId, commandId, command, connection) {
    const actors = yield* ChatActors
    return yield* actors.run(sessionId, {
      sender_id: caller.sender_id,
      command_id: commandId,
      command,
      staff: null,
      ...(connection === undefined ? {} : { connection })
    })
  }
)

/** Answers a command with the session as the caller sees it after it, which the actor's answer brings. */
export const changeSession: (
  caller: Caller,
  sessionId: string,
  commandId: string,
  change: SessionCommand
) => Answer<SessionView, ChatActors | Sessions | SessionViews> = Effect.fnUntraced(
  function*(caller, sessionId, commandId, change) {
    const { seen, unread } = yield* command(caller, sessionId, commandId, change)
    if (seen === null) return yield* viewOwnSession(caller, sessionId)
    const waiting = unread ??
      (yield* (yield* SessionViews).unread(caller.side, [sessionId])).get(sessionId) ?? 0
    return viewOfSeen(seen, { unread: waiting, now: yield* Clock.currentTimeMillis })
  }
)
