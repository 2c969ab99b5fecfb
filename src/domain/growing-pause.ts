// How long to leave alone what fails again and again.

/** `first_ms`, then twice as long each time, at most `max_ms`; `times` counts from 0. */
export const growingPause = (times: number, first_ms: number, max_ms: number): number =>
  Math.min(max_ms, first_ms * 2 ** Math.min(times, 32))
