// Whether any other runner listens. A runner that is alone need not publish what a subscriber would read
// again anyway. Two witnesses must agree: the signs of life of the others, and the link's own count of who
// listens, which also sees a runner that hears and is not heard.
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { growingPause } from "../../domain/growing-pause.ts"
import * as RealTime from "../../services/platform/real-time.ts"
import type { Link } from "./link.ts"
import type { BusTimings } from "./timings.ts"

/** So many counts in a row must find this runner alone, so that one who is just coming is not overlooked. */
const looksNeeded = 2
/**
 * A runner that is busy reads the answer too late, and must not be given the others' work for that as well:
 * the second failure in a row counts. What it did not publish meanwhile stays within a second.
 */
const failuresNeeded = 2

export interface Audience {
  /** True only while nobody else can be there. */
  readonly isEmpty: () => boolean
}

interface Options {
  /** The preferred one: all runners listen on it as long as they can. */
  readonly link: Link | undefined
  /** Whether this runner itself is among those who are counted. */
  readonly isListening: () => boolean
  readonly peers: () => number
  /** Somebody may be there again. */
  readonly onArrival: () => void
}

const never: Audience = { isEmpty: () => false }

/** Looks until the scope closes. */
export const makeAudience = Effect.fnUntraced(
  function*({ isListening, link, onArrival, peers }: Options, timings: BusTimings) {
    const listeners = link?.listeners ?? null
    if (listeners === null) return never
    let looks = 0
    let failures = 0
    const isEmpty = () => looks >= looksNeeded && peers() === 0 && isListening()

    /** How long until the next look. */
    const taken = (count: Exit.Exit<number, unknown>): number => {
      if (Exit.isSuccess(count)) {
        failures = 0
        looks = count.value === 1 && isListening() && peers() === 0 ? looks + 1 : 0
        return timings.look_every_ms
      }
      failures += 1
      if (failures < failuresNeeded) return 0
      looks = 0
      // Where it cannot be asked it is not asked all the time.
      return growingPause(failures - failuresNeeded, timings.look_every_ms, timings.silence_ms)
    }
    const look = Effect.gen(function*() {
      const count = yield* Effect.exit(RealTime.timeout(listeners, timings.look_every_ms))
      const next = taken(count)
      if (!isEmpty()) onArrival()
      yield* Effect.sleep(next)
    })
    yield* Effect.forkScoped(Effect.forever(look))
    return { isEmpty } satisfies Audience
  }
)
