// How long an HTTP listener waits, and for how much: for both listeners, one table of defaults. Keep-alive
// is longer than balancers' (60 s for most), so that it is they who close a connection nobody uses.
import * as Context from "effect/Context"

export interface ListenerWaits {
  readonly keep_alive_ms: number
  readonly headers_ms: number
  readonly request_ms: number
  readonly header_max_bytes: number
}

export const ListenerWaits = Context.Reference<ListenerWaits>("halobestie/http/ListenerWaits", {
  defaultValue: () => ({
    keep_alive_ms: 75_000,
    headers_ms: 10_000,
    request_ms: 30_000,
    header_max_bytes: 16_384
  })
})

/** As configured, in seconds. */
export const waitsOf = (config: {
  readonly listener_keep_alive_seconds: number
  readonly listener_headers_seconds: number
  readonly listener_request_seconds: number
  readonly listener_header_max_bytes: number
}): ListenerWaits => ({
  keep_alive_ms: config.listener_keep_alive_seconds * 1000,
  headers_ms: config.listener_headers_seconds * 1000,
  request_ms: config.listener_request_seconds * 1000,
  header_max_bytes: config.listener_header_max_bytes
})
