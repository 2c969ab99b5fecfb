// Bugs in how a session decides and whom it asks.
import { inFile, type PlantedBug } from "./planted-bug.ts"

export const sessionBugs: ReadonlyArray<PlantedBug> = [
  ...inFile(
    "src/domain/session/due.ts",
    "waves",
    [
      "expiry-late",
      "a request looks for a mitra in the very millisecond in which its window is over",
      "now >= state.search_ends_at",
      "now > state.search_ends_at"
    ],
    [
      "approval-unreachable",
      "an extension counts as approved although the mitra cannot be reached",
      " &&\n    facts.mitra_is_reachable",
      "",
      "more-time"
    ]
  ),
  ...inFile(
    "src/domain/session/answer-reroute.ts",
    "hand-overs",
    [
      "stale-hand-over",
      "staff hand over a chat that a colleague handed over a moment ago",
      "state.mitra_id !== command.from_mitra_id",
      "state.mitra_id === null"
    ],
    [
      "drained-target",
      "a chat is handed to a mitra who is being drained",
      "if (target.is_draining)",
      "if (false)"
    ],
    [
      "long-pause",
      "a chat without a mitra waits from the end of her silence, not from when it is noticed",
      "paused_until: facts.now + pause_ms",
      "paused_until: since + pause_ms"
    ]
  ),
  ...inFile(
    "src/domain/session/answer-ending.ts",
    "more-time",
    [
      "mitra-goodbye-ends",
      "the mitra's goodbye alone completes the chat",
      "if (side === \"customer\") {",
      "if (side !== null) {"
    ],
    [
      "rejected-by-clock",
      "a chat whose extension was rejected counts as ended by the clock",
      "case \"extension_rejected\":\n      return \"mitra\"",
      "return \"mitra\""
    ]
  ),
  ...inFile(
    "src/domain/session/evolve.ts",
    "declines",
    [
      "warnings-once",
      "nobody is warned again after an extension",
      "warned_seconds: null,\n  extension: null,",
      "extension: null,",
      "more-time"
    ],
    [
      "open-assignment",
      "a hand-over leaves the former mitra's time with the chat open",
      "...unassigned(state, event.at, left),",
      "...state.assignments,",
      "hand-overs"
    ],
    [
      "slow-after-decline",
      "the last decline does not bring the next look forward",
      "next_wave_at: nobodyLeft ? at : state.next_wave_at",
      "next_wave_at: state.next_wave_at"
    ]
  ),
  ...inFile(
    "src/domain/session/answer-message.ts",
    "line",
    [
      "receipts-back",
      "a receipt that comes late moves the reader back",
      "Math.max(before.read_seq, seq) : before.read_seq",
      "seq : before.read_seq"
    ],
    [
      "read-not-delivered",
      "what is read does not count as delivered",
      "const delivered_seq = Math.max(before.delivered_seq, seq)",
      "const delivered_seq = Math.max(before.delivered_seq, command._tag === \"MarkRead\" ? 0 : seq)"
    ]
  ),
  ...inFile(
    "src/domain/session/decide.ts",
    "more-time",
    [
      "topic-while-extending",
      "the topic cannot be changed while an extension waits",
      " && state.status !== \"extending\") return notActive(state)\n  const latched",
      ") return notActive(state)\n  const latched"
    ]
  ),
  ...inFile(
    "src/domain/pairing.ts",
    "waves",
    [
      "queue-jump",
      "as many places as older requests wait: a younger one takes one of them",
      "room <= seen.ahead",
      "room < seen.ahead",
      "line"
    ],
    [
      "wave-too-wide",
      "a wave takes no account of those who were asked before",
      "settings.pairing_offers_max - state.offers.length",
      "settings.pairing_offers_max"
    ],
    [
      "targeted-acceptance",
      "a mitra who is asked by name has the short time of a wave to answer",
      "settings.pairing_acceptance_seconds === 0 || state.kind === \"targeted\"",
      "settings.pairing_acceptance_seconds === 0",
      "waves"
    ],
    [
      "wave-pace",
      "a wave is followed by the next look as soon as if nobody had been asked",
      "asked > 0 && settings.pairing_wave_size > 0",
      "asked > 0 && settings.pairing_wave_size > 1_000"
    ]
  )
]
