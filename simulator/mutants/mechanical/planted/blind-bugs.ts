// Written from src/ alone before any checker was read: bugs in domain, in http and in what runners share.
import { inFile, type PlantedBug } from "./planted-bug.ts"

export const blindBugs: ReadonlyArray<PlantedBug> = [
  ...inFile("src/domain/mitra.ts", "fair-play", [
    "held-after-activation",
    "a mitra who is activated again is still held",
    "is_active: false, is_draining: false, hold: null }",
    "is_active: false, is_draining: false }"
  ]),
  ...inFile("src/domain/pairing.ts", "waves", [
    "first-wave-grown",
    "the first wave is as wide as the second one",
    "Math.min(state.wave, 8)",
    "Math.min(state.wave + 1, 8)"
  ]),
  ...inFile("src/domain/payment.ts", "purse", [
    "extension-given-up",
    "a paid extension can be given up while its mitra is asked",
    "(state.status === \"confirmed\" && state.product === \"chat_session\")",
    "state.status === \"confirmed\""
  ], [
    "colleague-repeats",
    "a colleague who decides the same counts as the same person again",
    "if (resolution === wanted.resolution && resolved_by === wanted.staff_id)",
    "if (resolution === wanted.resolution)"
  ]),
  ...inFile("src/domain/session/due.ts", "more-time", [
    "extension-a-tick-late",
    "an extension's window is over a millisecond late",
    "state.extension.deadline_at <= now",
    "state.extension.deadline_at < now"
  ], [
    "rejected-when-noticed",
    "an extension that times out ends the chat when that is noticed, not when it was due",
    ": closingEvent(extension.deadline_at, \"extension_timeout\", settings)",
    ": closingEvent(facts.now, \"extension_timeout\", settings)"
  ]),
  ...inFile("src/domain/session/answer-ending.ts", "more-time", [
    "rejection-by-the-clock",
    "a chat whose extension was rejected counts as ended by the clock",
    "    case \"extension_rejected\":\n      return \"mitra\"",
    "      return \"mitra\""
  ]),
  ...inFile("src/domain/session/evolve.ts", "more-time", [
    "warned-once",
    "after an extension nobody is warned again",
    "  ends_at: event.ends_at,\n  warned_seconds: null,\n  extension: null,",
    "  ends_at: event.ends_at,\n  extension: null,"
  ]),
  ...inFile("src/domain/transcript.ts", "hand-overs", [
    "topic-of-later",
    "a mitra who handed over sees what the topic became",
    "    topic: left.topic,\n",
    ""
  ]),
  ...inFile("src/domain/freshness.ts", "fair-play", [
    "named-and-cooling",
    "a mitra who declined is not found by a customer who asks for her by name",
    "kind === \"targeted\" || settings.mitra_decline_cooldown_seconds === 0",
    "settings.mitra_decline_cooldown_seconds === 0"
  ]),
  ...inFile("src/http/public/handlers/chat.ts", "more-time", [
    "no-more-history",
    "a page of the history never says that there is more",
    "(session_id, range, limit + 1)",
    "(session_id, range, limit)"
  ]),
  ...inFile("src/http/public/handlers/customer.ts", "purse", [
    "payments-of-others",
    "a customer may look at, and give up, another one's payment",
    "payment === null || payment.customer_id !== me.id",
    "payment === null"
  ]),
  ...inFile("src/http/public/handlers/customer.ts", "fair-play", [
    "paused-tries-again",
    "a customer who is paused may ask again on a payment",
    "  yield* notPaused(me.id)\n",
    ""
  ]),
  ...inFile("src/http/public/handlers/mitra.ts", "silences", [
    "online-without-ping",
    "going online again is no sign of life",
    "  yield* Effect.ignore(heartbeat)\n",
    ""
  ]),
  ...inFile("src/http/public/handlers/own-session.ts", "line", [
    "zeroth-in-line",
    "the first of the line is told that it is number 0",
    "const position = 1 + olderCount(",
    "const position = olderCount("
  ]),
  ...inFile("src/http/public/handlers/payment-orders.ts", "hand-overs", [
    "inactive-by-name",
    "a mitra who is deactivated can be asked by name",
    "mitra?.is_active === true &&",
    "mitra !== null &&"
  ]),
  ...inFile("src/http/public/handlers/trust.ts", "fair-play", [
    "blocked-with-offer",
    "who is blocked keeps the offer that is open between the two",
    "  yield* Effect.ignore(withdrawOffers(pair))\n",
    ""
  ]),
  ...inFile("src/http/public/auth/sign-in.ts", "sign-ins", [
    "everywhere-but-there",
    "signing out everywhere leaves the sockets of the other phones open",
    "everywhere ? null : auth_session_id",
    "auth_session_id"
  ]),
  ...inFile("src/http/internal/sessions.ts", "hand-overs", [
    "proposed-herself",
    "the mitra of a chat is among those it could be handed to",
    "...(state.mitra_id === null ? [] : [state.mitra_id]),",
    ""
  ]),
  ...inFile("src/http/public/participants.ts", "hand-overs", [
    "former-is-a-stranger",
    "a mitra who handed a chat over is told that it was never hers",
    "found.mitra_id === by.id || found.assigned.includes(by.id)",
    "found.mitra_id === by.id"
  ]),
  ...inFile("src/http/public/handlers/devices.ts", "silences", [
    "device-not-mirrored",
    "the mirror does not hear that a mitra has a phone that a push can reach",
    "    yield* toldOfDevices(user_type, user_id)\n    return { registered: true } as const",
    "    return { registered: true } as const"
  ]),
  ...inFile("src/layers/availability/mirror/read-scripts.ts", "fair-play", [
    "one-offer-more-open",
    "the mirror lets a mitra have one open offer more than the most",
    "tonumber(card[3]) >= open_below",
    "tonumber(card[3]) > open_below"
  ]),
  ...inFile("src/layers/availability/mirror/write-scripts.ts", "silences", [
    "heartbeat-key-stays",
    "the heartbeat key of a mitra who went offline stays",
    "  if bucket == '' then\n    redis.call('DEL', '${keys.heartbeat}' .. id)\n  else",
    "  if bucket ~= '' then"
  ]),
  ...inFile("src/layers/availability/beacon.ts", "waves", [
    "count-is-no-news",
    "a watcher is not told when the number of free mitras changes",
    "one.available === other.available && one.count === other.count",
    "one.available === other.available"
  ]),
  ...inFile("src/layers/bus/receiver.ts", "silences", [
    "loss-unnoticed",
    "a runner does not notice that messages of another one were lost",
    "if (heard.missed || (last !== null && heard.number > last + 1))",
    "if (heard.missed)"
  ]),
  ...inFile("src/http/paces.ts", "more-time", [
    "endless-savings",
    "who was quiet may send any number at once",
    "Math.min(burst, known.tokens + Math.max(0, now - known.at) * per_second / 1000)",
    "known.tokens + Math.max(0, now - known.at) * per_second / 1000"
  ])
]
