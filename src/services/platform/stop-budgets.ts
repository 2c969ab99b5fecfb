// Every number that bounds a stop, in one place: how long each part of the server may take to let go, in the
// order in which they stop. A test holds the sum below DRAIN_TIMEOUT_SECONDS, so that no part, and least of
// all the journal near the end of the line, loses its time to one before it.

/** The parts of the server, in the order in which they stop; the reverse of how they start. */
export const stopOrder = [
  "traffic",
  "public listener",
  "internal listener",
  "actors",
  "cluster",
  "availability",
  "stores",
  "database"
] as const
export type Part = (typeof stopOrder)[number]

export const stopBudgets = {
  /** Phones: calls over sockets that are in flight; then their other end closes, too, or they are cut. */
  phones_in_flight_ms: 5_000,
  phones_flush_ms: 1_000,
  phones_cut_ms: 150,
  /** Plain HTTP requests that are being answered, after the sockets: webhooks. */
  phones_requests_ms: 1_000,
  /** Staff: their calls have had the time that phones took. */
  staff_in_flight_ms: 250,
  staff_flush_ms: 500,
  staff_cut_ms: 150,
  staff_requests_ms: 250,
  /** Turns that the cluster brought get this long before they are interrupted between two steps. */
  entity_termination_ms: 2_000,
  /** Turns that had begun, and passes of sweeps, the worker of pushes among them. */
  actors_ms: 2_250,
  /** Shards are given back. A runner that is silent loses them by itself. */
  cluster_ms: 1_500,
  /** Heartbeats that were taken in are written. */
  heartbeats_ms: 500,
  /** The heartbeats, and this runner's people leave Valkey. */
  availability_ms: 750,
  /** Turns that were handed in: one attempt of full length fits (commit_timeout_ms, group-commit.ts). */
  journal_ms: 5_100,
  /** Beside the journal: the last messages of the bus, then the connections that listen. */
  bus_ms: 2_000,
  bus_listener_ms: 1_000,
  /** The journal and everything beside it. */
  stores_ms: 5_250,
  /** The pool of connections. */
  database_pool_ms: 400,
  /** Only in development: a fast stop, then one at once, after which Postgres recovers from its log. */
  embedded_postgres_fast_ms: 1_000,
  embedded_postgres_immediate_ms: 250
} as const

const of = stopBudgets

/** What each part of the server may take; whatever is not through by then is left behind. */
export const partBudgets: Readonly<Record<Part, number>> = {
  traffic: 0,
  "public listener": of.phones_in_flight_ms + of.phones_flush_ms + of.phones_cut_ms + of.phones_requests_ms,
  "internal listener": of.staff_in_flight_ms + of.staff_flush_ms + of.staff_cut_ms + of.staff_requests_ms,
  actors: of.actors_ms,
  cluster: of.cluster_ms,
  availability: of.availability_ms,
  stores: of.stores_ms,
  database: of.database_pool_ms + of.embedded_postgres_fast_ms + of.embedded_postgres_immediate_ms
}

/** The longest a stop can take. */
export const stopMaxMs = stopOrder.reduce((sum, part) => sum + partBudgets[part], 0)
