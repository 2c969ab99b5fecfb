// A list that changes under the pointer: while the pointer is over it every row stays where it is, so that a
// press meets what was aimed at. What is over is greyed, what is new waits at the end.
import { useRef, useState } from "react"

export interface Steady<A> {
  readonly rows: ReadonlyArray<A>
  readonly isGone: (row: A) => boolean
  /** Rows that are over or new since the pointer came. */
  readonly changes: number
  readonly hold: () => void
  readonly release: () => void
}

export const useSteady = <A>(current: ReadonlyArray<A>, keyOf: (row: A) => string): Steady<A> => {
  const [isHeld, setHeld] = useState(false)
  const shown = useRef<ReadonlyArray<A>>(current)
  if (!isHeld) shown.current = current
  const newest = new Map(current.map((row) => [keyOf(row), row]))
  const known = new Set(shown.current.map(keyOf))
  const isGone = (row: A) => isHeld && !newest.has(keyOf(row))
  const added = current.filter((row) => !known.has(keyOf(row)))
  const rows = isHeld ? [...shown.current.map((row) => newest.get(keyOf(row)) ?? row), ...added] : current
  if (isHeld) shown.current = rows
  const heldFrom = useRef(0)
  const gone = rows.filter(isGone).length
  return {
    rows,
    isGone,
    changes: isHeld ? gone + Math.max(0, rows.length - heldFrom.current) : 0,
    hold: () => {
      if (!isHeld) heldFrom.current = current.length
      setHeld(true)
    },
    release: () => setHeld(false)
  }
}
