// Bugs in what actors and sweeps read, tell and send.
import { inFile, type PlantedBug } from "./planted-bug.ts"

export const actorBugs: ReadonlyArray<PlantedBug> = [
  ...inFile(
    "src/actors/session/publish.ts",
    "hand-overs",
    [
      "resumed-unsaid",
      "only the customer hears that the clock runs again for a mitra who came back",
      "event._tag === \"MitraCameBack\" && event.ends_at === undefined",
      "event._tag === \"MitraCameBack\""
    ],
    [
      "hand-over-unsaid",
      "the mitra who hands a chat over is not told",
      "former !== null && index <= former.last",
      "former !== null && index < former.last"
    ],
    [
      "closed-unsaid",
      "mitras are not told that an offer was taken by another",
      "closedOffers(turn).filter((offer) => offer.ending !== null)",
      "closedOffers(turn).filter((offer) => offer.ending !== null && offer.ending !== \"taken\")",
      "waves"
    ],
    [
      "receipts-to-self",
      "after a reload each side is told its own receipts",
      "...message(`customer:${customer_id}`, \"mitra\"), ...message(`mitra:${mitra_id}`, \"customer\")",
      "...message(`customer:${customer_id}`, \"customer\"), ...message(`mitra:${mitra_id}`, \"mitra\")",
      "silences"
    ]
  ),
  ...inFile(
    "src/actors/session/pushes.ts",
    "hand-overs",
    [
      "hand-over-unpushed",
      "a mitra who is given a chat gets no push",
      "[...to(\"customer\", \"paired\", event.ends_at), ...to(\"mitra\", \"paired\", event.ends_at)]",
      "to(\"customer\", \"paired\", event.ends_at)"
    ],
    [
      "message-pushed-to-writer",
      "who writes a message gets its push",
      "event.side === \"customer\" ? \"mitra\" : \"customer\"",
      "event.side"
    ]
  ),
  ...inFile(
    "src/actors/session/mitra-facts.ts",
    "silences",
    [
      "away-though-connected",
      "a mitra who declared herself offline and goes on chatting counts as gone",
      "mitra.is_online || (yield* isConnected(mitra.id)) === true",
      "mitra.is_online"
    ],
    [
      "absent-later",
      "a chat is proposed for a hand-over only at the second look after its time",
      "now - offlineSince >= values.reroute_propose_after_seconds * 1000",
      "now - offlineSince >= 2 * values.reroute_propose_after_seconds * 1000"
    ],
    [
      "background-not-reachable",
      "an extension is not approved for a mitra whose app is in the background",
      "return yield* hasFreshHeartbeat(mitraId, freshness)",
      "return false",
      "more-time"
    ]
  ),
  ...inFile(
    "src/actors/session/actor.ts",
    "hand-overs",
    [
      "blocked-asked",
      "a mitra whom the customer blocked is asked",
      ", ...blocked],\n      only",
      "],\n      only"
    ],
    [
      "old-capacity",
      "after a hand-over only the new mitra's places are counted again",
      "[before.mitra_id, after.mitra_id].filter",
      "[after.mitra_id].filter"
    ]
  ),
  ...inFile(
    "src/actors/mitra/actor.ts",
    "hand-overs",
    [
      "drain-keeps-offers",
      "a mitra who is being drained keeps her open offers",
      "(before.is_active && !after.is_active) || (!before.is_draining && after.is_draining)",
      "before.is_active && !after.is_active"
    ],
    [
      "chats-unaware",
      "the chats of a mitra who is deactivated are not told",
      "case \"Deactivated\":\n        return checkChats",
      "case \"Deactivated\":\n        return Effect.void"
    ]
  ),
  ...inFile(
    "src/actors/sweeps/absent-mitras.ts",
    "silences",
    [
      "absent-milliseconds",
      "the sweep looks for mitras who are gone for so many milliseconds, not seconds",
      "now - seconds * 1000",
      "now - seconds * 1000 * 1000"
    ]
  ),
  ...inFile(
    "src/actors/push/deliver.ts",
    "pushes",
    [
      "push-to-open-app",
      "an open app is sent a push as well",
      "(yield* presence.isConnected(owner)) === true",
      "(yield* presence.isConnected(owner)) === null"
    ],
    [
      "withdrawn-push",
      "whether a push is still wanted is not asked before it is sent",
      "!(yield* outbox.isWanted(push, now))",
      "false"
    ],
    [
      "invalid-kept",
      "a token that the provider calls invalid is kept",
      "yield* accounts.dropInvalidDevice(device.token)",
      "undefined",
      "pushes"
    ]
  )
]
