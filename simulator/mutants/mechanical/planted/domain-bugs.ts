// Bugs in the other rules of the domain: mitras, money, pushes, sign-ins, what may be read.
import { inFile, type PlantedBug } from "./planted-bug.ts"

export const domainBugs: ReadonlyArray<PlantedBug> = [
  ...inFile(
    "src/domain/ledger.ts",
    "hand-overs",
    [
      "owed-forgotten",
      "what could not be served because the mitra was gone is counted as owed whatever ended the chat",
      "state === \"forfeited\" && reason === owedReason",
      "state === \"forfeited\""
    ]
  ),
  ...inFile(
    "src/domain/mitra.ts",
    "hand-overs",
    [
      "hold-a-second-short",
      "a mitra who is held is let in a second early",
      "hold.until > now)",
      "hold.until - 1_000 > now)",
      "hand-overs"
    ],
    [
      "reactivated-draining",
      "a mitra who is activated again is still being drained",
      "is_active: false, is_draining: false, hold: null",
      "is_active: false, hold: null"
    ],
    [
      "drain-unfinished",
      "a drained mitra who finished her last chat stays marked as drained",
      "[...offline(state, at, \"drained\"), ...endOfDrain(state, at), ...held(state, at, holdEnd)]",
      "[...offline(state, at, \"drained\"), ...held(state, at, holdEnd)]"
    ]
  ),
  ...inFile(
    "src/domain/freshness.ts",
    "fair-play",
    [
      "cooldown-short",
      "the pause after a decline counts half",
      "now - settings.mitra_decline_cooldown_seconds * 1000",
      "now - settings.mitra_decline_cooldown_seconds * 500"
    ],
    [
      "grace-added-twice",
      "an app in the background has the grace twice",
      "background_before: stale_before - backgroundGraceMs(settings)",
      "background_before: stale_before - 2 * backgroundGraceMs(settings)",
      "silences"
    ]
  ),
  ...inFile(
    "src/domain/payment.ts",
    "purse",
    [
      "paid-after-giving-up",
      "money for an order that was given up opens the request after all",
      "if (state.status === \"abandoned\") return changed({ _tag: \"AbandonedPaymentPaid\", at })",
      ";"
    ],
    [
      "given-up-while-looking",
      "an order is given up while its request looks for a mitra",
      "if (hasOpenRequest) {",
      "if (false) {"
    ]
  ),
  ...inFile(
    "src/domain/pricing.ts",
    "purse",
    [
      "discount-up",
      "a discount is rounded to the nearest rupiah",
      "Math.floor((price_idr * rule.value) / 100)",
      "Math.round((price_idr * rule.value) / 100)"
    ]
  ),
  ...inFile(
    "src/domain/transcript.ts",
    "hand-overs",
    [
      "former-reads-on",
      "a mitra who handed a chat over reads one event of her successor's",
      "seen.end_reason === \"rerouted\" ? seen.last_seq",
      "seen.end_reason === \"rerouted\" ? seen.last_seq + 1"
    ],
    [
      "former-topic",
      "a mitra who handed a chat over sees the topic that it has now",
      "topic: left.topic,",
      ""
    ]
  ),
  ...inFile(
    "src/domain/push.ts",
    "pushes",
    [
      "retries-short",
      "a push is given up one attempt early",
      "export const pushAttemptsMax = 6",
      "export const pushAttemptsMax = 5"
    ],
    [
      "message-push-hour",
      "the push of a message lives half an hour",
      "messagePushLifeMs = 3_600_000",
      "messagePushLifeMs = 1_800_000"
    ]
  ),
  ...inFile(
    "src/domain/sign-in/one-time-code.ts",
    "sign-ins",
    [
      "code-at-its-end",
      "a code is still good at the instant it ends",
      "now >= code.expires_at",
      "now > code.expires_at"
    ],
    [
      "one-more-guess",
      "a code may be guessed at once more",
      "code.attempts >= attemptsMax",
      "code.attempts > attemptsMax"
    ],
    [
      "one-more-code",
      "one more code an hour for a phone",
      "sent[limit - 1]",
      "sent[limit]"
    ]
  ),
  ...inFile(
    "src/domain/sign-in/refresh-token.ts",
    "sign-ins",
    [
      "copy-forgiven",
      "a copied token is forgiven as long as its successor is unused or the grace lasts ten times as long",
      "now - token.rotated_at > graceMs",
      "now - token.rotated_at > 10 * graceMs"
    ]
  )
]
