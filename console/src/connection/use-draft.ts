// Changing what others may change, too: what was seen, what is typed, and, when somebody saved first, what is
// there now. What is typed is never replaced unasked.
import { useEffect, useState } from "react"
import type { Problem } from "./line.ts"
import { useAction } from "./use-call.ts"

export interface Draft<A> {
  readonly seen: A
  readonly mine: A
  /** What somebody saved meanwhile; null while nobody has. */
  readonly theirs: A | null
  readonly problem: Problem | null
  readonly isBusy: boolean
  readonly isChanged: boolean
  readonly type: (mine: A) => void
  readonly save: () => void
  /** Mine is saved over theirs, or given up for it. */
  readonly keep: () => void
  readonly take: () => void
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

export const useDraft = <A>(opened: A, { onSaved, read, write }: {
  /** Gives what is there now. `from` is what the change was made from: another one is STALE_WRITE. */
  readonly write: (mine: A, from: A) => Promise<A>
  readonly read: () => Promise<A | null>
  readonly onSaved: () => void
}): Draft<A> => {
  const [seen, setSeen] = useState(opened)
  const [mine, setMine] = useState(opened)
  const [theirs, setTheirs] = useState<A | null>(null)
  const isChanged = !same(mine, seen)
  const begin = (value: A) => {
    setSeen(value)
    setMine(value)
    setTheirs(null)
  }
  const { clear, isBusy, press, problem } = useAction(async (from: A) => {
    try {
      return await write(mine, from)
    } catch (error) {
      if ((error as { code?: string }).code === "STALE_WRITE") setTheirs(await read())
      throw error
    }
  }, (saved) => {
    begin(saved)
    onSaved()
  })
  // Followed only while nothing is typed: else the difference is shown when it is saved.
  const key = JSON.stringify(opened)
  useEffect(() => {
    if (!isChanged) begin(opened)
  }, [key])
  return {
    seen,
    mine,
    theirs,
    problem,
    isBusy,
    isChanged,
    type: setMine,
    save: () => void press(seen),
    keep: () => {
      if (theirs !== null) void press(theirs)
    },
    take: () => {
      if (theirs !== null) begin(theirs)
      clear()
    }
  }
}
