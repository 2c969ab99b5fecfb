// Every number that bounds a connection and its listener, in one place. The defaults are the public
// listener's; the internal one and tests put other numbers under the same reference.
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import { makeSteadyClock } from "../../services/platform/steady-clock.ts"
import { stopBudgets } from "../../services/platform/stop-budgets.ts"

/** Numbers by the name of a limit: one, or how many at once and how many a second. */
export type GivenNumbers = Readonly<Record<string, readonly [number, ...ReadonlyArray<number>]>>

export interface SocketLimits {
  /** A larger frame closes the socket with 1009 before it is buffered whole. */
  readonly frame_max_bytes: number
  /** Parts of one message, */
  readonly fragments_max: number
  /** and pieces of the network's making that wait for the rest of one. */
  readonly buffered_chunks_max: number
  readonly batch_max: number
  /** Deeper JSON is refused before any schema walks it recursively. */
  readonly nesting_max: number
  readonly in_flight_max: number
  /** The same for all sockets of one person together. */
  readonly in_flight_per_person_max: number
  /** A call that is not answered by then is stopped, and answered with "try again". */
  readonly call_max_ms: number
  readonly request_burst: number
  readonly requests_per_second: number
  /** More refusals for rate than this within the window close the socket. */
  readonly refused_max: number
  readonly refused_window_ms: number
  readonly malformed_in_a_row_max: number
  readonly ping_every_ms: number
  readonly silence_max_ms: number
  /** An event that nothing has been heard after for so long is followed by a ping, */
  readonly event_ping_ms: number
  /** and after so long nobody counts on this socket any more: pushes go out until it is heard again. */
  readonly event_silence_ms: number
  /** A socket that nobody signs in on is closed this long after its last call, */
  readonly nobody_idle_max_ms: number
  /** and whatever it asks, after this: time enough for a code to arrive and be typed. */
  readonly nobody_max_ms: number
  /** Of one person; the oldest makes place for one more. */
  readonly sockets_per_person_max: number
  /** Above this no further request is read; what is in flight may still answer. */
  readonly unsent_pause_bytes: number
  /** A frame that finds more than this waiting cuts the connection instead of joining the queue. */
  readonly unsent_max_bytes: number
  /** How long a close may wait for the other end before the socket is destroyed. */
  readonly close_flush_ms: number
  /** How often pings, silence, token ends and overdue closes are looked at. */
  readonly watch_every_ms: number
  readonly connections_max: number
  readonly connections_per_peer_max: number
  /** Of all places those that sockets without a sign-in may have: who comes with a token finds the others. */
  readonly nobodies_max: number
  /** New sockets of one address at once, and in the long run. */
  readonly connection_burst: number
  readonly connections_per_second: number
  /** How long a token check may take, also a second one. */
  readonly authenticate_max_ms: number
  /** How long /readyz says "draining" before connections are refused, also with nobody connected. */
  readonly drain_notice_ms: number
  /** How long a drain waits for calls that are in flight, */
  readonly drain_in_flight_ms: number
  /** then for the other ends to close, before it destroys the sockets, */
  readonly drain_flush_ms: number
  /** then for those to be forgotten, */
  readonly drain_cut_ms: number
  /** and then for plain HTTP requests. */
  readonly drain_requests_ms: number
  /** Phones that are sent away are spread so that so many come back in a second, */
  readonly returns_per_second: number
  /** the last of them after so long, however many they are. */
  readonly return_max_ms: number
  /** Who was refused, or found no better runner, waits between these. */
  readonly retry_after_min_ms: number
  readonly retry_after_max_ms: number
  /** For plain HTTP requests; a WebSocket frame has its own bound. */
  readonly body_max_bytes: number
}

export const publicLimits: SocketLimits = {
  frame_max_bytes: 65_536,
  fragments_max: 32,
  buffered_chunks_max: 1_024,
  batch_max: 64,
  nesting_max: 64,
  in_flight_max: 64,
  in_flight_per_person_max: 128,
  // Longer than the ports' own bounds, so that their more precise answer comes first.
  call_max_ms: 20_000,
  request_burst: 200,
  requests_per_second: 100,
  refused_max: 2_000,
  refused_window_ms: 10_000,
  malformed_in_a_row_max: 20,
  ping_every_ms: 20_000,
  silence_max_ms: 45_000,
  event_ping_ms: 2_000,
  // An offer lives for 60 s, on a phone that changes networks a round trip takes up to three.
  event_silence_ms: 5_000,
  nobody_idle_max_ms: 15_000,
  nobody_max_ms: 300_000,
  sockets_per_person_max: 10,
  unsent_pause_bytes: 256 * 1024,
  unsent_max_bytes: 1024 * 1024,
  close_flush_ms: 2_000,
  watch_every_ms: 500,
  connections_max: 50_000,
  connections_per_peer_max: 1_000,
  nobodies_max: 25_000,
  connection_burst: 1_000,
  connections_per_second: 20,
  authenticate_max_ms: 5_000,
  drain_notice_ms: 0,
  drain_in_flight_ms: stopBudgets.phones_in_flight_ms,
  drain_flush_ms: stopBudgets.phones_flush_ms,
  drain_cut_ms: stopBudgets.phones_cut_ms,
  drain_requests_ms: stopBudgets.phones_requests_ms,
  // A core takes about so many in (docs/performance.md, connect-storm).
  returns_per_second: 500,
  return_max_ms: 30_000,
  retry_after_min_ms: 500,
  retry_after_max_ms: 5_000,
  body_max_bytes: 65_536
}

/** With the numbers of an operator, by the names that refusals give the limits. */
export const socketLimitsWith = (limits: SocketLimits, given: GivenNumbers): SocketLimits => ({
  ...limits,
  request_burst: given["requests"]?.[0] ?? limits.request_burst,
  requests_per_second: given["requests"]?.[1] ?? limits.requests_per_second,
  in_flight_max: given["in_flight"]?.[0] ?? limits.in_flight_max,
  in_flight_per_person_max: given["in_flight_of_person"]?.[0] ?? limits.in_flight_per_person_max,
  sockets_per_person_max: given["sockets_of_person"]?.[0] ?? limits.sockets_per_person_max,
  connections_max: given["connections"]?.[0] ?? limits.connections_max,
  connections_per_peer_max: given["connections_of_address"]?.[0] ?? limits.connections_per_peer_max,
  nobodies_max: given["connections_of_nobody"]?.[0] ?? limits.nobodies_max,
  connection_burst: given["new_connections"]?.[0] ?? limits.connection_burst,
  connections_per_second: given["new_connections"]?.[1] ?? limits.connections_per_second
})

/** The internal listener stops after the public one, whose phones have taken most of the time. */
export const stoppedSooner = (limits: SocketLimits): SocketLimits => ({
  ...limits,
  drain_notice_ms: 0,
  // A person types a password meanwhile, and a caller that gets this far is in our network.
  nobody_idle_max_ms: limits.nobody_max_ms,
  drain_in_flight_ms: stopBudgets.staff_in_flight_ms,
  drain_flush_ms: stopBudgets.staff_flush_ms,
  drain_cut_ms: stopBudgets.staff_cut_ms,
  drain_requests_ms: stopBudgets.staff_requests_ms
})

export const Limits = Context.Reference<SocketLimits>("halobestie/http/Limits", {
  defaultValue: () => publicLimits
})

/**
 * The time of the wire: pings, silence and rates. Always the machine's clock, because a phone does not
 * fall silent when a tester moves the product's clock by thirty minutes. Steady, because it does not
 * fall silent either when somebody sets the machine's.
 */
export const WireClock = Context.Reference<Clock.Clock>("halobestie/http/WireClock", {
  defaultValue: () => makeSteadyClock(Clock.Clock.defaultValue())
})
