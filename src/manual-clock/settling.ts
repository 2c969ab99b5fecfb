// Settling: knows what is being worked on, and waits until nothing is. Work is counted where it is done
// (services/manual-clock/work-tracker.ts); between two counted pieces there are only hand-overs from fiber to
// fiber, and a few quiet turns of the event loop in a row show that those are through as well.
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { WorkLog, Fired } from "../services/manual-clock/work-tracker.ts"

/** More than the hand-overs between any two counted pieces of work. */
const quietTurns = 16
const firedMax = 1_000
/** A statement takes less; what takes longer is looked at less often. */
const eagerTurns = 500
const lookAgain = Duration.millis(1)

export interface Settling {
  readonly log: WorkLog
  /** What has not settled within the bound (in real time); empty when everything has. */
  readonly settle: (options: {
    readonly within_ms: number
    readonly wait_for_phones: boolean
  }) => Effect.Effect<ReadonlyArray<string>>
  /** What happened since the last time this was asked. */
  readonly takeNotes: () => Notes
  /** The same, to be told again. */
  readonly readNotes: () => Notes
}

export interface Notes {
  readonly fired: ReadonlyArray<Fired>
  readonly fired_not_shown: number
  readonly sweeps: Readonly<Record<string, number>>
}

/**
 * Looks once per turn of the event loop, in which whatever was ready runs and input that is there is read:
 * true when `isQuiet` held for enough turns in a row, false when it did not begin to within `turnsMax`.
 */
const quietSoon = (isQuiet: () => boolean, turnsMax: number): Effect.Effect<boolean> =>
  Effect.callback<boolean>((resume) => {
    let quiet = 0
    let turns = 0
    const look = () => {
      quiet = isQuiet() ? quiet + 1 : 0
      turns += 1
      if (quiet >= quietTurns) return resume(Effect.succeed(true))
      if (quiet === 0 && turns > turnsMax) return resume(Effect.succeed(false))
      handle = setImmediate(look)
    }
    let handle = setImmediate(look)
    return Effect.sync(() => clearImmediate(handle))
  })

const countOf = (names: Iterable<string>): ReadonlyArray<string> => {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return [...counts].map(([name, count]) => count === 1 ? name : `${name} (${count})`)
}

const makeNotes = () => {
  let fired: Array<Fired> = []
  let notShown = 0
  let sweeps: Record<string, number> = {}
  return {
    add: (one: Fired) => {
      if (fired.length < firedMax) fired.push(one)
      else notShown += 1
    },
    swept: (sweep: string) => {
      sweeps[sweep] = (sweeps[sweep] ?? 0) + 1
    },
    read: (): Notes => ({ fired, fired_not_shown: notShown, sweeps }),
    take: (): Notes => {
      const notes = { fired, fired_not_shown: notShown, sweeps }
      fired = []
      notShown = 0
      sweeps = {}
      return notes
    }
  }
}

export const makeSettling = (real: Clock.Clock): Settling => {
  const work = new Map<symbol, string>()
  const phones = new Set<() => string | null>()
  const notes = makeNotes()
  /** Counts what began, so that work which began and ended between two looks is seen too. */
  let begun = 0

  const log: WorkLog = {
    begin: (what) => {
      const key = Symbol(what)
      begun += 1
      work.set(key, what)
      return () => void work.delete(key)
    },
    fired: notes.add,
    swept: notes.swept,
    watchPhone: (waiting) => {
      phones.add(waiting)
      return () => void phones.delete(waiting)
    }
  }

  const unsettled = (waitForPhones: boolean): ReadonlyArray<string> => [
    ...work.values(),
    ...(waitForPhones ? [...phones].flatMap((waiting) => waiting() ?? []) : [])
  ]

  return {
    log,
    takeNotes: notes.take,
    readNotes: notes.read,
    settle: Effect.fnUntraced(function*({ wait_for_phones, within_ms }) {
      const giveUpAt = real.currentTimeMillisUnsafe() + within_ms
      let before = begun
      const isQuiet = () => {
        const isSame = begun === before
        before = begun
        return isSame && unsettled(wait_for_phones).length === 0
      }
      let turnsMax = eagerTurns
      while (!(yield* quietSoon(isQuiet, turnsMax))) {
        if (real.currentTimeMillisUnsafe() > giveUpAt) {
          const busy = countOf(unsettled(wait_for_phones))
          return busy.length > 0 ? busy : ["work that begins again and again"]
        }
        yield* real.sleep(lookAgain)
        turnsMax = 1
      }
      return []
    })
  }
}
