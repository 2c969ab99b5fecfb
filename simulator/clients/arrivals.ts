// When clients come: rates that follow the hours of the day, drawn for each client from a stream of its own,
// so that one client more or less does not change the days of the others.
import type { Prng } from "../kernel/prng.ts"

const hourMs = 3_600_000
/** Jakarta: the quiet of the night is at 20:00 to 23:00 UTC. */
const localOffsetMs = 7 * hourMs

/** How busy each local hour is; the mean is 1. */
export const busyness: ReadonlyArray<number> = [
  [0.9, 0.5, 0.3, 0.2, 0.2, 0.3, 0.5, 0.6],
  [0.7, 0.8, 0.9, 1.0, 1.2, 1.0, 0.9, 0.9],
  [1.0, 1.1, 1.3, 1.7, 2.1, 2.3, 2.1, 1.5]
].flat()
const busiest = Math.max(...busyness)

const busynessAt = (at_ms: number): number =>
  busyness[Math.floor((at_ms + localOffsetMs) / hourMs) % busyness.length] ?? 1

/** The next arrival after `from_ms` of a client that comes so often a day on average; null: never. */
export const nextArrival = (prng: Prng, from_ms: number, per_day: number): number | null => {
  if (per_day <= 0) return null
  // Thinning: drawn at the busiest rate, kept as often as the hour is as busy as that.
  for (let at = from_ms;;) {
    at += prng.exponential(24 * hourMs / (per_day * busiest))
    if (prng.chance(busynessAt(at) / busiest)) return at
  }
}

/** A start of a shift on the day that begins at `day_ms`: more of them before busy hours. */
export const shiftStart = (prng: Prng, day_ms: number, shift_hours: number): number => {
  for (;;) {
    const at = day_ms + prng.between(0, 24 * hourMs)
    const middle = at + shift_hours * hourMs / 2
    if (prng.chance(0.15 + 0.85 * busynessAt(middle) / busiest)) return at
  }
}
