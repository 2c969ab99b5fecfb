// Written after the rules that the blind bugs called for, each at a line that was drawn by lot from src/. No
// rule was written for these; their rate is the honest one.
import { inFile, type PlantedBug } from "./planted-bug.ts"

export const drawnBugs: ReadonlyArray<PlantedBug> = [
  ...inFile("src/layers/journal/rows.postgres.ts", "hand-overs", [
    "proposed-since-now",
    "a proposal says that the mitra is gone since it was made",
    "    since,\n    created_at: at",
    "    since: at,\n    created_at: at"
  ]),
  ...inFile("src/layers/accounts/staff-proofs.postgres.ts", "sign-ins", [
    "code-twice",
    "a code of the second factor counts twice",
    "staff_id = ${staffId} AND last_step < ${step} RETURNING",
    "staff_id = ${staffId} AND last_step <= ${step} RETURNING"
  ]),
  ...inFile("src/layers/availability/availability.postgres.ts", "waves", [
    "asked-by-offer-first",
    "who was asked longest ago is asked before who has fewer chats",
    "found\n    ORDER BY sessions, last_offer_at NULLS FIRST, online_since, mitra_id",
    "found\n    ORDER BY last_offer_at NULLS FIRST, sessions, online_since, mitra_id"
  ]),
  ...inFile("src/layers/trust/trust.postgres.ts", "fair-play", [
    "blocks-at-once",
    "two phones of one person may block beyond the most",
    "      yield* lockFor(sql, \"person\", `${by.user_type}:${by.user_id}`)\n",
    ""
  ]),
  ...inFile("src/actors/session/publish.ts", "hand-overs", [
    "over-and-open",
    "a chat that is over is told again as one that is not",
    "positionMessage(topic, id, last_seq, isTerminal(status))",
    "positionMessage(topic, id, last_seq, false)"
  ]),
  ...inFile("src/actors/settings-follower.ts", "line", [
    "followed-and-kept",
    "a runner hears of a changed setting and keeps the old one",
    "      Effect.andThen(settings.refresh),\n",
    ""
  ]),
  ...inFile("src/actors/cluster-reach.ts", "silences", [
    "failures-kept",
    "a runner that left and comes back has its old failures",
    "      for (const address of failures.keys()) if (!healthy.has(address)) failures.delete(address)\n",
    ""
  ]),
  ...inFile("src/actors/session/mitra-facts.ts", "more-time", [
    "never-heard-is-fresh",
    "who never gave a sign of life counts as reachable",
    "return last !== null && (stale_before === null || last > stale_before)",
    "return last === null || stale_before === null || last > stale_before"
  ]),
  ...inFile("src/domain/session/decide.ts", "line", [
    "look-in-vain-swallowed",
    "a look that was due is forgotten when a wake-up finds nobody",
    "return isInVain && !wantsCandidates(state, facts.now) ? [] : due",
    "return isInVain ? [] : due"
  ]),
  ...inFile("src/domain/ledger.ts", "more-time", [
    "charged-beyond",
    "time beyond what was bought is charged when the end is noticed late",
    "charged_ms: state === \"served\" ? to - from : 0",
    "charged_ms: state === \"served\" ? at - from : 0"
  ]),
  ...inFile("src/domain/session/answer-reroute.ts", "hand-overs", [
    "no-pause-is-a-pause",
    "staff who want no pause get one that is over at once",
    "absence.cause === \"mitra_deactivated\" && pause_ms > 0",
    "absence.cause === \"mitra_deactivated\" && pause_ms >= 0"
  ]),
  ...inFile("src/domain/verdict.ts", "hand-overs", [
    "moved-is-free",
    "a place that is moved counts as free in its group",
    "written.filter((turn) => turn.session?.slot?._tag === \"Release\")",
    "written.filter(givesSlotBack)"
  ]),
  ...inFile("src/domain/settings.ts", "purse", [
    "an-hour-to-pay",
    "a payment lives for an hour unless staff say otherwise",
    "payment_session_timeout_minutes: 20,",
    "payment_session_timeout_minutes: 60,"
  ]),
  ...inFile("src/http/internal/pricing.ts", "purse", [
    "first-page-again",
    "the second page of the price changes is the first one again",
    "(yield* Pricing).history(page)",
    "(yield* Pricing).history({ ...page, before: null })"
  ]),
  ...inFile("src/http/internal/payments.ts", "purse", [
    "retried-unpaid",
    "staff's try on a payment that is given back is answered as if it had begun",
    "  if (opened._tag === \"NotPaid\") return yield* notOpen(yield* find(paymentId))\n",
    ""
  ]),
  ...inFile("src/http/public/auth/access-tokens.ts", "sign-ins", [
    "token-a-second-more",
    "an access token counts in the second in which it ends",
    "return exp <= now ? expired",
    "return exp < now ? expired"
  ]),
  ...inFile("src/http/public/handlers/chat.ts", "more-time", [
    "read-is-received",
    "what was read is noted as received",
    "receipt(\"MarkRead\", session_id, seq)",
    "receipt(\"MarkDelivered\", session_id, seq)"
  ]),
  ...inFile("src/http/internal/inspections.ts", "waves", [
    "everybody-lost",
    "a mitra who declined counts as one who was too late",
    "late !== null && wonAt !== null && offer.ending === \"taken\"",
    "late !== null && wonAt !== null"
  ]),
  ...inFile("src/layers/push/firebase-answers.ts", "pushes", [
    "patience-in-ms",
    "the provider's seconds are taken for milliseconds",
    "Number(given) * 1000 : null",
    "Number(given) : null"
  ]),
  ...inFile("src/layers/push/push.ts", "pushes", [
    "refusals-open-the-breaker",
    "pushes that the provider refuses hold up all others",
    "exit.value._tag !== \"Failed\"",
    "exit.value._tag === \"Sent\""
  ]),
  ...inFile("src/layers/push/push-admin.postgres.ts", "pushes", [
    "replayed-twice",
    "the same order to replay replays again",
    "      if (before !== null) return before.outcome\n",
    ""
  ]),
  ...inFile("src/layers/settings/settings.ts", "waves", [
    "settings-for-ever",
    "a runner that missed a change keeps the old settings for ever",
    "held !== null && now - held.at < maxAgeMs ? held.values : null",
    "held !== null && now - held.at < Infinity ? held.values : null"
  ]),
  ...inFile("src/layers/platform/rate-limit-window.ts", "sign-ins", [
    "window-over-at-once",
    "who is limited is told to come back at once",
    "ends_at: (index + 1) * limit.window_ms",
    "ends_at: index * limit.window_ms"
  ]),
  ...inFile("src/layers/availability/mirror/mirror-service.ts", "silences", [
    "capacity-not-drift",
    "a wrong number of chats in the mirror is no drift",
    "isOnline !== listed || isDeactivated === row.is_active || capacities[index] !== String(row.sessions)",
    "isOnline !== listed || isDeactivated === row.is_active"
  ])
]
