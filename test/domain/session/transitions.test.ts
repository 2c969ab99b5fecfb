// The session's life as the product tells it, row by row. What every command does in every status is in
// matrix.test.ts; a reroute is in reroute.test.ts.
import { assert, it } from "@effect/vitest"
import type { SessionEvent } from "../../../src/domain/session/events.ts"
import * as given from "./given.ts"
import { assertHappened, customer, mitra, type ReachableStatus, type Told } from "./given.ts"

interface Row {
  readonly title: string
  readonly told: () => Told
  readonly events: ReadonlyArray<SessionEvent["_tag"]>
  readonly status: ReachableStatus
}

const rows: ReadonlyArray<Row> = [
  {
    title: "searching becomes pending_acceptance when offers are sent",
    told: () => given.tick(given.searching(), 0, { candidates: given.candidates(2) }),
    events: ["OffersSent"],
    status: "pending_acceptance"
  },
  {
    title: "pending_acceptance becomes active on the first accept",
    told: () => given.accept(given.offered(), 10, mitra(2)),
    events: ["Paired"],
    status: "active"
  },
  {
    title: "searching becomes cancelled when the customer cancels",
    told: () => given.cancel(given.searching(), 1),
    events: ["RequestCancelled"],
    status: "cancelled"
  },
  {
    title: "pending_acceptance becomes cancelled when the customer cancels",
    told: () => given.cancel(given.offered(), 20),
    events: ["RequestCancelled"],
    status: "cancelled"
  },
  {
    title: "pending_acceptance becomes expired when the blast window is over",
    told: () => given.tick(given.offered(), 60),
    events: ["RequestExpired"],
    status: "expired"
  },
  {
    title: "searching becomes expired when nobody was found in the window",
    told: () => given.tick(given.searching(), 60),
    events: ["RequestExpired"],
    status: "expired"
  },
  {
    title: "pending_acceptance becomes expired when all declined and nobody is left to ask",
    told: () => given.tick(given.decline(given.offered(1), 5, mitra(1)).state, 5, { candidates: [] }),
    events: ["RequestExpired"],
    status: "expired"
  },
  {
    title: "active becomes closing when the clock reaches zero",
    told: () => given.tick(given.tick(given.active(), 700).state, given.ACTIVE_ENDS),
    events: ["ClosingStarted"],
    status: "closing"
  },
  {
    title: "active becomes closing when the customer ends early",
    told: () => given.end(given.active(), 100, customer),
    events: ["ClosingStarted"],
    status: "closing"
  },
  {
    title: "active becomes closing when the mitra ends early and is allowed to",
    told: () => given.end(given.active(), 100, mitra(1), { settings: { mitra_may_end_session: true } }),
    events: ["ClosingStarted"],
    status: "closing"
  },
  {
    title: "active becomes extending when an extension is paid for",
    told: () => given.extend(given.active(), 100),
    events: ["ExtensionRequested"],
    status: "extending"
  },
  {
    title: "extending becomes active when the mitra approves",
    told: () => given.answerExtension(given.extending(), 105, true),
    events: ["SessionResumed"],
    status: "active"
  },
  {
    title: "extending becomes active when nobody answers, auto-approve is on and the mitra is reachable",
    told: () => given.tick(given.extending(), 110),
    events: ["SessionResumed"],
    status: "active"
  },
  {
    title: "extending becomes closing when nobody answers and the mitra is not reachable",
    told: () => given.tick(given.extending(), 110, { mitra_is_reachable: false }),
    events: ["ClosingStarted"],
    status: "closing"
  },
  {
    title: "extending becomes closing when nobody answers and auto-approve is off",
    told: () =>
      given.tick(given.extending(), 110, {
        settings: { extension_default_action_on_timeout: "auto_reject" }
      }),
    events: ["ClosingStarted"],
    status: "closing"
  },
  {
    title: "extending becomes closing when the mitra rejects",
    told: () => given.answerExtension(given.extending(), 105, false),
    events: ["ClosingStarted"],
    status: "closing"
  },
  {
    title: "extending becomes closing when the customer ends early",
    told: () => given.end(given.extending(), 105, customer),
    events: ["ClosingStarted"],
    status: "closing"
  },
  {
    title: "closing becomes completed on the customer's goodbye",
    told: () => given.goodbye(given.closing(), 800, customer),
    events: ["GoodbyeLeft", "SessionCompleted"],
    status: "completed"
  },
  {
    title: "closing becomes completed when both goodbyes are in",
    told: () => given.goodbye(given.goodbye(given.closing(), 790, mitra(1)).state, 800, customer),
    events: ["GoodbyeLeft", "SessionCompleted"],
    status: "completed"
  },
  {
    title: "closing stays closing on the mitra's goodbye alone",
    told: () => given.goodbye(given.closing(), 800, mitra(1)),
    events: ["GoodbyeLeft"],
    status: "closing"
  },
  {
    title: "closing becomes completed when the grace is over",
    told: () => given.tick(given.closing(), given.CLOSING_ENDS),
    events: ["SessionCompleted"],
    status: "completed"
  }
]

it.each(rows)("$title", ({ events, status, told }) => {
  const result = told()
  assertHappened(result, events)
  assert.strictEqual(result.state.status, status)
})
