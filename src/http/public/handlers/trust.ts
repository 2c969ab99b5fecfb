// Handlers of blocking and reporting: who the other one is comes from the chat that both were in. What a
// report leads to is decided by the rule in src/domain/trust.ts; nobody but staff is told of it.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { SecureRandom } from "effect/crypto"
import { asSystem } from "../../../actors/turn-call.ts"
import { MitraActors } from "../../../actors/mitra/protocol.ts"
import { SessionActors } from "../../../actors/session/protocol.ts"
import { instant } from "../../../contract/fields.ts"
import { TrustRpcs } from "../../../contract/public/trust.ts"
import { refuse } from "../../../domain/refusal.ts"
import type { SessionState } from "../../../domain/session/state.ts"
import { lastReadable } from "../../../domain/transcript.ts"
import {
  countedSince,
  evidenceMessagesMax,
  evidenceOf,
  type Pair,
  type Person,
  type ReportReason
} from "../../../domain/trust.ts"
import { SessionViews } from "../../../services/sessions/session-views.ts"
import { inShare } from "../../../services/platform/pool-shares.ts"
import { Settings } from "../../../services/settings/settings.ts"
import { blocksMax, Trust } from "../../../services/trust/trust.ts"
import { type Caller, currentCaller } from "../auth/caller.ts"
import { within } from "../quotas.ts"
import { answering } from "./answering.ts"
import { ownSession } from "./own-session.ts"
import { idForCommand } from "./payment-orders.ts"

interface OfThisChat {
  readonly session_id: string
  readonly mitra_id?: string | undefined
}

const personOfCaller = ({ id, side }: Caller): Person => ({ user_type: side, user_id: id })

/** The two who met in this chat, as the caller means them. */
const met = Effect.fnUntraced(function*(me: Caller, chat: OfThisChat, state: SessionState) {
  if (me.side === "mitra") return { customer_id: state.customer_id, mitra_id: me.id } satisfies Pair
  const wanted = chat.mitra_id ?? state.mitra_id
  const isTheirs = state.assignments.some((assignment) => assignment.mitra_id === wanted)
  if (wanted === null || !isTheirs) {
    return yield* refuse("NOBODY_MET", "You have not chatted with that bestie here.", {
      session_id: state.id
    })
  }
  return { customer_id: me.id, mitra_id: wanted } satisfies Pair
})

/** An offer that is open between the two is over: she was asked before. */
const withdrawOffers = Effect.fnUntraced(function*({ customer_id, mitra_id }: Pair) {
  const live = yield* (yield* SessionViews).liveOf("customer", customer_id)
  const asked = live.filter(({ offers }) =>
    offers.some((offer) => offer.mitra_id === mitra_id && offer.status === "pending")
  )
  const actors = yield* SessionActors
  for (const { id } of asked) {
    yield* actors.run(id, asSystem({ _tag: "WithdrawOffer", mitra_id }))
  }
})

const blockPair = Effect.fnUntraced(function*(me: Caller, pair: Pair, session_id: string) {
  const id = yield* (yield* Trust).block({
    ...pair,
    id: yield* (yield* SecureRandom.SecureRandom).uuidV7(),
    by_side: me.side,
    session_id,
    at: yield* Clock.currentTimeMillis
  })
  if (id === null) return yield* refuse("TOO_MANY_BLOCKS", "Unblock somebody first.", { maximum: blocksMax })
  // What is missed here the sweep finds.
  yield* Effect.ignore(withdrawOffers(pair))
  return id
})

const block = Effect.fnUntraced(function*(chat: OfThisChat) {
  const me = yield* currentCaller
  const state = yield* ownSession(me, chat.session_id)
  return { block_id: yield* blockPair(me, yield* met(me, chat, state), chat.session_id) }
})

const unblock = Effect.fnUntraced(function*(blockId: string) {
  const me = yield* currentCaller
  return { unblocked: yield* (yield* Trust).unblock(personOfCaller(me), blockId) }
})

const blocks = Effect.gen(function*() {
  const me = yield* currentCaller
  const made = yield* (yield* Trust).blocksOf(personOfCaller(me))
  return {
    blocks: made.map(({ at, id, name, session_id }) => ({ block_id: id, name, session_id, at: instant(at) }))
  }
})

/** What was said, as far as the one who reports can read it. */
const evidence = Effect.fnUntraced(function*(state: SessionState) {
  const before = lastReadable(state) + 1
  const messages = yield* (yield* SessionViews).messages(state.id, { before }, evidenceMessagesMax)
  return evidenceOf(messages.map(({ body, sent_at, seq, side }) => ({ seq, side, body, sent_at })))
})

interface Reporting extends OfThisChat {
  readonly command_id: string
  readonly reason: ReportReason
  readonly words: string
  readonly also_block: boolean
}

const report = Effect.fnUntraced(function*(payload: Reporting) {
  const me = yield* currentCaller
  const { also_block, command_id, reason, session_id, words } = payload
  const state = yield* ownSession(me, session_id)
  const pair = yield* met(me, payload, state)
  yield* within("reports_per_person", me.sender_id)
  const settings = yield* (yield* Settings).current
  const now = yield* Clock.currentTimeMillis
  const { case_id, paused } = yield* (yield* Trust).report({
    ...pair,
    id: idForCommand("report", me.id, command_id),
    by_side: me.side,
    session_id,
    reason,
    words,
    evidence: yield* evidence(state),
    at: now
  }, { pause_at: settings.reports_pause_people, counted_since: countedSince(settings, now) })
  yield* Effect.logInfo("somebody was reported").pipe(Effect.annotateLogs({ case_id, session_id, paused }))
  if (paused && me.side === "customer") {
    const offline = (yield* MitraActors).run(pair.mitra_id, asSystem({ _tag: "PauseForReports" }))
    // What is missed here the sweep finds.
    yield* Effect.ignore(offline)
  }
  return { case_id, block_id: also_block ? yield* blockPair(me, pair, session_id) : null }
})

const asStranger = inShare("strangers")

export const layer = TrustRpcs.toLayer({
  "trust.block": (chat) => answering(asStranger(block(chat))),
  "trust.unblock": ({ block_id }) => answering(asStranger(unblock(block_id))),
  "trust.blocks": () => answering(asStranger(blocks)),
  "trust.report": (payload) => answering(asStranger(report(payload)))
})
