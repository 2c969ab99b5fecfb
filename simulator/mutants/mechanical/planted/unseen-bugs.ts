// Drawn by lot from the bugs that were written from src/ alone, before any checker was read; the others are
// the blind ones. Rules were written with all of them in mind.
import { inFile, type PlantedBug } from "./planted-bug.ts"

export const unseenBugs: ReadonlyArray<PlantedBug> = [
  ...inFile("src/layers/accounts/auth-sessions.postgres.ts", "sign-ins", [
    "sign-ins-by-first-end",
    "a sign-in that was renewed is not listed once its first token has run out",
    "HAVING max(expires_at) >",
    "HAVING min(expires_at) >"
  ]),
  ...inFile("src/layers/payments/payments.postgres.ts", "purse", [
    "expired-while-asked",
    "a payment runs out although its provider is still to be asked",
    "AND expires_at <= ${timestamp(now)} AND look_at IS NULL",
    "AND expires_at <= ${timestamp(now)}"
  ]),
  ...inFile("src/layers/availability/heartbeats.postgres.ts", "silences", [
    "ping-backwards",
    "a ping that comes late moves the time of the last one back",
    "greatest(s.last_heartbeat_at, held.at)",
    "held.at"
  ]),
  ...inFile("src/layers/payments/pricing.postgres.ts", "purse", [
    "price-change-twice",
    "the last price change of a page is the first of the next",
    "`WHERE id < ${before}`",
    "`WHERE id <= ${before}`"
  ]),
  ...inFile("src/actors/mitra/actor.ts", "hand-overs", [
    "drained-with-offers",
    "a mitra who is drained keeps her open offers",
    ") || (!before.is_draining && after.is_draining)",
    ")"
  ], [
    "back-unnoticed",
    "chats are not told that their mitra is online again",
    "return Effect.andThen(wakeQueue((places) => places), checkChats)",
    "return wakeQueue((places) => places)"
  ]),
  ...inFile("src/actors/session/mitra-facts.ts", "hand-overs", [
    "absent-since-the-toggle",
    "a mitra who went offline herself is absent from then on, although she chatted on",
    "since: last?.cause === \"toggle\" ? now : offlineSince",
    "since: offlineSince"
  ]),
  ...inFile("src/actors/session/actor.ts", "line", [
    "expiry-wakes-nobody",
    "the line does not move up when a request runs out",
    "changesCapacity(event) || event._tag === \"RequestExpired\" ||",
    "changesCapacity(event) ||"
  ]),
  ...inFile("src/domain/mitra.ts", "hand-overs", [
    "drained-and-back",
    "a mitra whose drain is over may come back at once",
    "...endOfDrain(state, at), ...held(state, at, holdEnd)]",
    "...endOfDrain(state, at)]"
  ]),
  ...inFile("src/domain/pairing.ts", "line", [
    "room-of-the-busy",
    "places that are taken count as room, so that younger requests ask before older ones",
    "settings.max_customers_per_mitra - candidate.sessions",
    "settings.max_customers_per_mitra"
  ]),
  ...inFile("src/domain/session/answer-extension.ts", "more-time", [
    "answer-to-the-next",
    "a late answer to one extension decides the next one",
    "extension === null || extension.seq !== command.extension_seq",
    "extension === null"
  ]),
  ...inFile("src/domain/session/evolve.ts", "hand-overs", [
    "hand-over-unread",
    "a mitra who handed over does not read the hand-over itself",
    "const left = { seq: state.last_seq + 1,",
    "const left = { seq: state.last_seq,"
  ]),
  ...inFile("src/domain/sign-in/one-time-code.ts", "sign-ins", [
    "one-code-more",
    "one code more than the limit may be sent in an hour",
    "sent[limit - 1]",
    "sent[limit]"
  ]),
  ...inFile("src/http/public/handlers/typing.ts", "more-time", [
    "typing-shared",
    "who types hides that the other one types as well",
    "`${sessionId}/${me.id}`",
    "sessionId"
  ]),
  ...inFile("src/http/public/handlers/mitra.ts", "declines", [
    "request-between-pages",
    "the request between two pages is on neither",
    "page.at(-1)?.session_id",
    "found.at(-1)?.session_id"
  ]),
  ...inFile("src/http/public/handlers/payment-orders.ts", "purse", [
    "one-order-more",
    "a customer may leave one payment more open than the most",
    "    open_max,\n    now,",
    "    open_max: open_max + 1,\n    now,"
  ]),
  ...inFile("src/http/public/handlers/devices.ts", "pushes", [
    "moved-device-told-to-taker",
    "that a phone is somebody else's now is told to who took it",
    "const topic = `${before.user_type}:${before.user_id}` as const",
    "const topic = `${user_type}:${user_id}` as const"
  ]),
  ...inFile("src/http/public/auth/sign-in.ts", "sign-ins", [
    "anybodys-sign-in",
    "anybody who knows its id may end another person's sign-in",
    "isLive(signInId, { user_type, user_id })",
    "isLive(signInId)"
  ]),
  ...inFile("src/actors/push/deliver.ts", "pushes", [
    "one-try-more",
    "a push is tried once more than it may",
    "attempts >= pushAttemptsMax",
    "attempts > pushAttemptsMax"
  ], [
    "sent-while-held",
    "the rest of a batch is sent although the provider asked for a pause",
    "    if (held.current !== null) return untried({ _tag: \"Waiting\", due_at: held.current.until })\n",
    ""
  ]),
  ...inFile("src/domain/push.ts", "pushes", [
    "second-pause-first",
    "the first pause of a push that failed is as long as the second",
    "growingPause(attempts - 1, firstRetryMs",
    "growingPause(attempts, firstRetryMs"
  ]),
  ...inFile("src/http/internal/accounts.ts", "fair-play", [
    "profile-not-mirrored",
    "what a mitra takes is changed in the rows and not in the mirror",
    "  yield* (yield* Availability).changed([mitra_id])\n",
    ""
  ]),
  ...inFile("src/layers/availability/availability.ts", "silences", [
    "silent-by-a-young-mirror",
    "a mirror that just came back is believed about who is silent",
    "    if (since > staleBefore) return yield* Effect.fail(unavailable)\n",
    ""
  ]),
  ...inFile("src/layers/settings/settings.ts", "waves", [
    "old-settings-kept",
    "settings that were read before a change are kept after it",
    "if (started === generation) held = { values, at }",
    "held = { values, at }"
  ])
]
