// Bugs in what phones are told and answered.
import { inFile, type PlantedBug } from "./planted-bug.ts"

export const httpBugs: ReadonlyArray<PlantedBug> = [
  ...inFile(
    "src/http/public/handlers/payment-orders.ts",
    "purse",
    [
      "discount-withheld",
      "who may have the discount of a first session is quoted the full price",
      "? rule : null",
      "? null : rule"
    ],
    [
      "discount-without-phone",
      "an account without a phone gets the discount of a first session",
      "if (first_session_discount_needs_phone && !(yield* hasPhone(customerId))) return null",
      ""
    ]
  ),
  ...inFile(
    "src/http/public/events/known-sessions.ts",
    "hand-overs",
    [
      "tick-after-hand-over",
      "the first tick after a hand-over comes a minute late",
      "event._tag === \"Paired\" || event._tag === \"Rerouted\") known.tick_at",
      "event._tag === \"Paired\") known.tick_at"
    ],
    [
      "given-back-silent",
      "a chat that is given back to its former mitra stays over for her phone",
      "else if (event._tag === \"Rerouted\") known.is_over = false",
      ""
    ]
  ),
  ...inFile(
    "src/http/public/events/snapshot.ts",
    "silences",
    [
      "gap-of-one-more",
      "a gap of one more than the limit is streamed",
      "state.last_seq - seq <= missed_max",
      "state.last_seq - seq <= missed_max + 1"
    ]
  ),
  ...inFile(
    "src/http/public/events/offer-events.ts",
    "waves",
    [
      "over-offer-shown",
      "an offer that is over at this instant is shown",
      "<= announcedWithinMs && offer.deadline_at > now",
      "<= announcedWithinMs"
    ]
  ),
  ...inFile(
    "src/http/public/handlers/chat.ts",
    "line",
    [
      "history-off-by-one",
      "a page of the history begins with the message that was named",
      "const before = Math.min(before_seq ?? Number.MAX_SAFE_INTEGER, end + 1)",
      "const before = Math.min((before_seq ?? Number.MAX_SAFE_INTEGER - 1) + 1, end + 1)"
    ],
    [
      "more-than-there-is",
      "a page that is exactly full says that there is more",
      "has_more: found.length > page.length",
      "has_more: found.length >= limit"
    ],
    [
      "unread-of-writer",
      "one's own messages count as unread",
      "views.unread(me.side, live.map((state) => state.id))",
      "views.unread(me.side === \"mitra\" ? \"customer\" : \"mitra\", live.map((state) => state.id))"
    ]
  ),
  ...inFile(
    "src/http/public/handlers/own-session.ts",
    "line",
    [
      "place-from-zero",
      "the first in the line is shown place 0",
      "1 + olderCount(yield* sessions.aheadOf(state, now, queueCountMax))",
      "olderCount(yield* sessions.aheadOf(state, now, queueCountMax))"
    ],
    [
      "former-unread",
      "a chat that was handed over still counts as unread for its former mitra",
      "sideOf(state, caller) === null ? 0 : unread.get(state.id) ?? 0",
      "unread.get(state.id) ?? 0",
      "hand-overs"
    ]
  ),
  ...inFile(
    "src/http/public/handlers/payment-orders.ts",
    "purse",
    [
      "order-key",
      "two customers with one command id share an order",
      "`${kind}:${personId}:${commandId}`",
      "`${kind}:${commandId}`"
    ]
  ),
  ...inFile(
    "src/http/public/handlers/typing.ts",
    "line",
    [
      "typing-to-writer",
      "who types is shown their own hint",
      "me.side === \"customer\" ? `mitra:${found.mitra_id}`",
      "me.side === \"mitra\" ? `mitra:${found.mitra_id}`"
    ]
  ),
  ...inFile(
    "src/http/public/handlers/customer.ts",
    "purse",
    [
      "others-payment",
      "a customer is shown the payment of another",
      "payment === null || payment.customer_id !== me.id",
      "payment === null"
    ]
  ),
  ...inFile(
    "src/http/public/auth/phone-codes.ts",
    "sign-ins",
    [
      "code-lives-long",
      "a code lives ten minutes",
      "codeLifetimeMs = 5 * 60_000",
      "codeLifetimeMs = 10 * 60_000"
    ],
    [
      "cooldown-half",
      "the next code may be sent after half a minute",
      "cooldown_ms: 60_000",
      "cooldown_ms: 30_000"
    ]
  ),
  ...inFile(
    "src/http/public/auth/sign-in.ts",
    "sign-ins",
    [
      "sockets-stay",
      "the sockets of a mitra's former phone stay open",
      "yield* publishRevoked(`${owner.user_type}:${owner.user_id}`, revoked_families)",
      "undefined"
    ],
    [
      "one-mitra-two-phones",
      "a mitra may be signed in on two phones",
      "only_one: owner.user_type === \"mitra\"",
      "only_one: false"
    ]
  )
]
