// Every figure this server counts of itself, in one table: name, meaning, kind, labels. Updating one is a
// synchronous step without a fiber, so that the turn loop and the sockets may do it for each message.
// The internal listener shows them at /metrics, with the prefix halobestie_.
import * as Context from "effect/Context"
import * as Metric from "effect/Metric"

const milliseconds = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 3_000, 10_000]

interface Figure {
  readonly kind: "counter" | "gauge" | "histogram"
  readonly help: string
  readonly labels: ReadonlyArray<string>
}

const counter = (help: string, ...labels: ReadonlyArray<string>) =>
  ({ kind: "counter", help, labels }) as const
const gauge = (help: string, ...labels: ReadonlyArray<string>) => ({ kind: "gauge", help, labels }) as const
const histogram = (help: string, ...labels: ReadonlyArray<string>) =>
  ({ kind: "histogram", help, labels }) as const

export const figures = {
  // Phones and calls.
  connections_open: gauge("Sockets open on this runner, staff's included"),
  phones_connected: gauge("Signed-in sockets on this runner, by who is on them", "user_type"),
  connections_closed_total: counter("Sockets that ended, by who ended them and why", "reason"),
  limit_refusals_total: counter("Calls refused by a limit for strangers, by limit", "limit"),
  calls_total: counter("Calls answered, by name and outcome", "call", "outcome"),
  call_ms: histogram("From reading a call to its answer", "call"),
  security_events_total: counter("What an attack on phones looks like, by what", "event"),
  staff_events_total: counter("Sign-ins, failures and changes of staff accounts, by what", "event"),
  sign_ins_total: counter("Sign-ins, by who and outcome", "user_type", "outcome"),
  // Actors, journal and bus.
  bus_forged_payloads_total: counter("Payloads on Valkey that no runner of this fleet signed"),
  forged_staff_calls_total: counter("Staff commands from a runner that could not prove whose they are"),
  turns_total: counter("Committed turns, by actor", "actor"),
  mailbox_calls: gauge("Calls that wait or work in the actors' mailboxes"),
  mailbox_depth: histogram("Calls in an actor's mailbox as another arrives, itself included"),
  turn_ms: histogram("From a turn's start to its commit", "actor"),
  fenced_turns_total: counter("Turns refused because another owner has a newer epoch", "actor"),
  turn_defects_total: counter("Turns that died and whose state was reloaded", "actor"),
  event_delivery_lag_ms: histogram("From a message's turn to the stream of a phone that hears it"),
  offer_to_screen_ms: histogram("From sending an offer to the stream of its mitra"),
  accept_to_both_ms: histogram("From an accept to the stream of each side", "side"),
  first_reply_ms: histogram("From a pairing to the mitra's first message"),
  deadline_late_ms: histogram("How late a deadline took effect"),
  // The product.
  session_events_total: counter("What happened to sessions, messages and receipts excepted", "event"),
  payments_total: counter("What providers said of payments, by outcome", "outcome"),
  paid_seconds_served_total: counter("Paid seconds that were served, counted when a session closes"),
  webhook_wrong_tokens_total: counter("Webhook calls without the token; they leave no row", "provider"),
  webhooks_total: counter("Webhook deliveries, by provider and HTTP status", "provider", "status"),
  pushes_total: counter("Pushes that were tried, by outcome", "outcome"),
  provider_calls_total: counter("Calls to providers, by provider and outcome", "provider", "outcome"),
  // Read from Postgres when somebody looks.
  sessions_live: gauge("Sessions that are not over, by status", "status"),
  queue_oldest_seconds: gauge("Age of the oldest request that still searches"),
  mitras_online: gauge("Mitras who are online"),
  push_outbox_depth: gauge("Pushes that wait or are being sent"),
  push_outbox_oldest_seconds: gauge("How long the oldest of them is overdue"),
  push_dead_letters: gauge("Pushes that wait for staff"),
  overdue_sessions: gauge("Sessions whose deadline passed more than 10 s ago"),
  double_winners: gauge("Live sessions with more than one accepted offer; must be 0"),
  paid_without_session: gauge("Payments confirmed over 60 s ago without a session or a failure"),
  sample_failures_total: counter("Times these could not be read"),
  // False alarms that must not happen.
  false_offlines_total: counter("Mitras taken offline as silent while their socket was here; must be 0"),
  // What we depend on.
  valkey_not_shared: gauge("1 while runners see different Valkeys, and none is believed"),
  postgres_calls_total: counter("Port calls on Postgres, by outcome", "outcome"),
  postgres_calls_in_flight: gauge("Port calls that wait for Postgres, the pool's queue included"),
  infrastructure_failures_total: counter("Failures of what we depend on, by kind", "kind"),
  // This process.
  ready: gauge("1 while this runner wants traffic"),
  unready: gauge("1 for each reason against traffic", "reason"),
  readiness_changes_total: counter("How often readiness changed, by reason", "reason"),
  sweep_passes_total: counter("Sweep passes on this runner, by outcome", "sweep", "outcome"),
  sweep_last_success_seconds: gauge("When a sweep's pass last succeeded here, in Unix seconds", "sweep"),
  draining: gauge("1 from the order to stop until the end"),
  drain_ms: gauge("How long the drain of the sockets took"),
  event_loop_delay_ms: gauge("Delay of the event loop since the last look", "percentile"),
  overloaded: gauge("1 while sign-ups, codes and orders are put off"),
  calls_put_off_total: counter("Calls put off while overloaded"),
  process_resident_bytes: gauge("Resident memory of this process"),
  process_cpu_seconds: gauge("Processor time of this process since its start"),
  process_start_seconds: gauge("When this process started, in Unix seconds")
} as const satisfies Record<string, Figure>

type Figures = typeof figures
export type FigureName = keyof Figures
type Named<Kind extends Figure["kind"]> = {
  [Name in FigureName]: Figures[Name]["kind"] extends Kind ? Name : never
}[FigureName]

/** A label's values come from our own code; should one ever not, its figure must not grow for ever. */
const seriesMax = 200
const overflow = "other"

// The registry is the process's own, as for Effect's metrics: an update needs nothing of its caller.
const context = Context.empty()
const boundaries = Metric.boundariesFromIterable(milliseconds)

type Series = Metric.Metric<number, unknown>

const make = (name: FigureName, values: ReadonlyArray<string>): Series => {
  const { help, kind, labels } = figures[name]
  const attributes = Object.fromEntries(
    (labels as ReadonlyArray<string>).map((label, index) => [label, values[index] ?? ""])
  )
  const options = { description: help, attributes }
  switch (kind) {
    case "counter":
      return Metric.counter(name, { ...options, incremental: true })
    case "gauge":
      return Metric.gauge(name, options)
    case "histogram":
      return Metric.histogram(name, { ...options, boundaries })
  }
}

const known = new Map<FigureName, Map<string, Series>>()

const seriesOf = (name: FigureName, values: ReadonlyArray<string>): Series => {
  let series = known.get(name)
  if (series === undefined) known.set(name, series = new Map())
  const key = values.length === 1 ? values[0] ?? "" : values.join("\u0000")
  const found = series.get(key)
  if (found !== undefined) return found
  if (series.size >= seriesMax && values.some((value) => value !== overflow)) {
    return seriesOf(name, values.map(() => overflow))
  }
  const made = make(name, values)
  series.set(key, made)
  return made
}

/** Label values in the order of the table. */
export const count = (name: Named<"counter">, values: ReadonlyArray<string> = [], by = 1): void =>
  seriesOf(name, values).updateUnsafe(by, context)

export const observe = (name: Named<"histogram">, value: number, values: ReadonlyArray<string> = []): void =>
  seriesOf(name, values).updateUnsafe(value, context)

export const set = (name: Named<"gauge">, value: number, values: ReadonlyArray<string> = []): void =>
  seriesOf(name, values).updateUnsafe(value, context)

export const add = (name: Named<"gauge">, by: number, values: ReadonlyArray<string> = []): void =>
  seriesOf(name, values).modifyUnsafe(by, context)

/** For tests and the health page: what a counter or gauge stands at. */
export const valueOf = (name: Named<"counter" | "gauge">, values: ReadonlyArray<string> = []): number => {
  const state = seriesOf(name, values).valueUnsafe(context) as { count?: number; value?: number }
  return Number(state.count ?? state.value ?? 0)
}

/** All series of a gauge or counter: label values and where they stand. */
export const seriesOfFigure = (
  name: Named<"counter" | "gauge">
): ReadonlyArray<readonly [ReadonlyArray<string>, number]> =>
  [...known.get(name)?.keys() ?? []].map((key) => {
    const values = key.split("\u0000")
    return [values, valueOf(name, values)]
  })
