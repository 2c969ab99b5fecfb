// Written from src/ alone before any checker was read: bugs in SQL, in actors, pushes and sweeps.
import { inFile, type PlantedBug } from "./planted-bug.ts"

export const blindSqlAndActorBugs: ReadonlyArray<PlantedBug> = [
  ...inFile("src/layers/sessions/sessions.postgres.ts", "purse", [
    "first-try-shown",
    "a payment is shown with the first of its sessions instead of the newest",
    "ORDER BY payment_id, requested_at DESC, id DESC",
    "ORDER BY payment_id, requested_at, id"
  ]),
  ...inFile("src/layers/sessions/sessions.postgres.ts", "line", [
    "targeted-in-line",
    "a request for one bestie counts as one ahead of all others",
    "IN ('searching', 'pending_acceptance') AND kind = 'blast'",
    "IN ('searching', 'pending_acceptance')"
  ]),
  ...inFile("src/layers/sessions/transcript.postgres.ts", "more-time", [
    "unread-by-delivery",
    "what a customer's phone received counts as read",
    "? sql`s.customer_read_seq`",
    "? sql`s.customer_delivered_seq`"
  ]),
  ...inFile("src/layers/accounts/devices.postgres.ts", "pushes", [
    "one-device-more",
    "a person keeps one phone more than the most",
    "OFFSET ${devicesMax - 1}",
    "OFFSET ${devicesMax}"
  ]),
  ...inFile("src/layers/push/push-outbox.postgres.ts", "pushes", [
    "finish-of-an-old-claim",
    "a worker that was slow finishes a push that another has claimed since",
    "WHERE id = ${push.id} AND claims = ${push.claims} AND status",
    "WHERE id = ${push.id} AND status"
  ], [
    "dead-letters-for-a-day",
    "dead letters are deleted after a day",
    "\n          AND (status <> 'dead' OR finished_at < ${timestamp(options.dead_before)})",
    ""
  ]),
  ...inFile("src/layers/trust/trust.postgres.ts", "fair-play", [
    "lifted-twice",
    "a pause that was lifted is lifted again, with another audit row",
    "AND user_id = ${user_id} AND lifted_at IS NULL RETURNING user_id",
    "AND user_id = ${user_id} RETURNING user_id"
  ]),
  ...inFile("src/layers/sessions/session-views.postgres.ts", "waves", [
    "offer-after-its-time",
    "an offer whose time has passed is still given to a phone that comes",
    "o.status = 'pending'\n          AND o.deadline_at > ask.now",
    "o.status = 'pending'"
  ]),
  ...inFile("src/actors/session/actor.ts", "line", [
    "capacity-kept-at-the-end",
    "the end of a paid time does not tell availability of the free place",
    "event._tag === \"Rerouted\" || event._tag === \"ClosingStarted\"",
    "event._tag === \"Rerouted\""
  ]),
  ...inFile("src/actors/session/publish.ts", "hand-overs", [
    "clock-again-for-one",
    "the mitra who is back is not told that the clock runs again",
    "(event._tag === \"MitraCameBack\" && event.ends_at === undefined)",
    "event._tag === \"MitraCameBack\""
  ]),
  ...inFile("src/actors/session/requests.ts", "purse", [
    "staff-try-recorded",
    "staff's try that is refused is written down as another failure",
    "if (opened._tag === \"AlreadyActive\" && audit === undefined)",
    "if (opened._tag === \"AlreadyActive\")"
  ]),
  ...inFile("src/actors/session/rows.ts", "more-time", [
    "place-kept-after-extending",
    "a chat that ends while an extension waits keeps its mitra's place",
    "return holds(before) && !holds(after) ?",
    "return before.status === \"active\" && !holds(after) ?"
  ]),
  ...inFile("src/actors/session/rows.ts", "hand-overs", [
    "audit-of-after",
    "the audit row of a forced close says the new state for the old one",
    "before: { status: before.status }",
    "before: { status: after.status }"
  ]),
  ...inFile("src/actors/mitra/facts.ts", "fair-play", [
    "misses-of-before",
    "offers that she missed before she came back count towards her pause",
    "(mitraId, online_since, count)",
    "(mitraId, 0, count)"
  ]),
  ...inFile("src/actors/session/mitra-facts.ts", "hand-overs", [
    "handed-to-the-silent",
    "staff may hand a chat to a mitra who is declared and silent",
    "is_online: mitra.is_online && (yield* hasFreshHeartbeat(mitraId, freshness)),",
    "is_online: mitra.is_online,"
  ]),
  ...inFile("src/actors/turn.ts", "more-time", [
    "woken-and-not-armed",
    "an actor that is woken early does not wait for its deadline",
    "if (events.length === 0 && record === null) {\n      yield* timer.arm(machine.deadlineOf(state))",
    "if (events.length === 0 && record === null) {"
  ]),
  ...inFile("src/actors/session/pushes.ts", "hand-overs", [
    "taker-not-pushed",
    "a mitra who is given a chat gets no push",
    "[...to(\"customer\", \"paired\", event.ends_at), ...to(\"mitra\", \"paired\", event.ends_at)]",
    "to(\"customer\", \"paired\", event.ends_at)"
  ]),
  ...inFile("src/actors/session/pushes.ts", "pushes", [
    "paired-push-of-the-search",
    "the push about a pairing lives as long as the search",
    "case \"Paired\":\n        return to(\"customer\", \"paired\", event.ends_at)",
    "case \"Paired\":\n        return to(\"customer\", \"paired\", after.search_ends_at)"
  ]),
  ...inFile("src/actors/push/message.ts", "pushes", [
    "push-names-its-due-time",
    "a push says that it is over when it was due",
    "DateTime.makeUnsafe(push.expires_at)",
    "DateTime.makeUnsafe(push.due_at)"
  ]),
  ...inFile("src/actors/sweeps/stale-heartbeats.ts", "silences", [
    "called-silent-unheard",
    "a server that just started calls mitras silent whom it could not hear",
    "if (listeningSince > staleBefore)",
    "if (listeningSince > staleBefore + Infinity)"
  ]),
  ...inFile("src/actors/sweeps/deadlines.ts", "more-time", [
    "woken-when-due",
    "actors are woken when they are due instead of a little before",
    "oversight.due(now + wakeAheadMs, batch)",
    "oversight.due(now, batch)"
  ]),
  ...inFile("src/actors/push/deliver.ts", "sign-ins", [
    "sign-in-told-to-itself",
    "the phone that signed in is pushed its own sign-in",
    ": accounts.devicesBeside(owner, push.auth_session_id)",
    ": accounts.devicesOf(owner)"
  ])
]
