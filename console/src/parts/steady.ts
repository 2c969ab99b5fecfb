// A list that changes under the pointer: while the pointer is over it every row stays where it is, so that a
// press meets what was aimed at. What is over is greyed, what is new waits at the end.
import { useState } from "react"

export interface Steady<A> {
  readonly rows: ReadonlyArray<A>
  readonly isGone: (row: A) => boolean
  /** Rows that are over or new since the pointer came. */
  readonly changes: number
  readonly hold: () => void
  readonly release: () => void
}

export const useSteady = <A>(current: ReadonlyArray<A>, keyOf: (row: A) => string): Steady<A> => {
  /** As they were when the pointer came; null while it is elsewhere. */
  const [held, setHeld] = useState<ReadonlyArray<A> | null>(null)
  const release = () => setHeld(null)
  if (held === null) {
    return { rows: current, isGone: () => false, changes: 0, hold: () => setHeld(current), release }
  }
  const newest = new Map(current.map((row) => [keyOf(row), row]))
  const known = new Set(held.map(keyOf))
  const added = current.filter((row) => !known.has(keyOf(row)))
  const isGone = (row: A) => !newest.has(keyOf(row))
  return {
    rows: [...held.map((row) => newest.get(keyOf(row)) ?? row), ...added],
    isGone,
    changes: added.length + held.filter(isGone).length,
    hold: () => {},
    release
  }
}
