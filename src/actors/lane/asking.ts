// The end of a lane that dials: numbers calls, keeps who waits for them, and sends everybody to the cluster
// when the lane ends. Dialled when it is first wanted, left when nobody has wanted it for a while.
import type * as Clock from "effect/Clock"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import type { Socket } from "effect/socket"
import * as RealTime from "../../services/platform/real-time.ts"
import { runEnd } from "./end.ts"
import { type Asked, endings, greeting, makeLineReader } from "./frames.ts"

const greetedWithin = "1 second"
/** A runner that does not greet has another version, or is not there: meanwhile the cluster carries all. */
const restMs = 10_000
const idleMaxMs = 30_000
/** Calls that wait for their answers. */
const waitingMax = 4_096
/** Calls, and words that nobody waits for one any more, that could not leave yet. */
const unsentMax = 2 * waitingMax

/** Null: the cluster must carry the call. */
export type Ending = { readonly ending: number; readonly value: unknown } | null

export interface Asking {
  /** False while the cluster must carry what is asked; that has it dialled. */
  readonly isOpen: () => boolean
  /** Resumes once with how it ended, unless the result is called: it leaves the call to itself. */
  readonly ask: (kind: string, id: string, call: unknown, resume: (ending: Ending) => void) => () => void
}

/** Where its fibers live. */
export interface Life {
  readonly scope: Scope.Scope
  readonly context: Context.Context<never>
  readonly clock: Clock.Clock
}

export const makeAsking = (
  connect: Effect.Effect<Socket.Socket>,
  { clock, context, scope }: Life
): Asking => {
  const uptimeMs = () => Number(clock.monotonicTimeNanosUnsafe()) / 1e6
  const waiting = new Map<number, (ending: Ending) => void>()
  /** Of the connection that is open. */
  let outbox: Queue.Queue<Asked> | null = null
  let isDialling = false
  let pausedUntil = 0
  let usedAt = 0
  let number = 0

  const end = (n: number, ending: Ending): void => {
    const resume = waiting.get(n)
    waiting.delete(n)
    resume?.(ending)
  }
  const take = (batch: ReadonlyArray<ReadonlyArray<unknown>>): void => {
    for (const [n, ending, value] of batch) {
      const isElsewhere = typeof ending !== "number" || ending === endings.elsewhere
      if (typeof n === "number") end(n, isElsewhere ? null : { ending, value })
    }
  }
  const over = Effect.sync(() => {
    // One that was open may be dialled again at once.
    pausedUntil = outbox === null ? uptimeMs() + restMs : 0
    isDialling = false
    outbox = null
    for (const n of waiting.keys()) end(n, null)
  })

  const life = Effect.gen(function*() {
    const socket = yield* connect
    const reader = yield* socket.reader
    const writer = yield* socket.writer
    const lines = makeLineReader()
    yield* writer.write(greeting)
    const first = Effect.map(reader.pull, (chunks) => chunks.flatMap(lines)[0])
    const isLine = (line: string | undefined) => line !== undefined
    const line = yield* first.pipe(Effect.repeat({ until: isLine }), RealTime.timeout(greetedWithin))
    if (`${line}\n` !== greeting) return
    // Unbounded, but with too much in it the lane is not open for calls; of those that were, one word each.
    const opened = yield* Queue.unbounded<Asked>()
    outbox = opened
    const isWanted = () => waiting.size > 0 || uptimeMs() - usedAt < idleMaxMs
    yield* runEnd({ reader, writer, lines, outbox: opened, take, isWanted })
  }).pipe(Effect.scoped, Effect.ignoreCause, Effect.ensuring(over))

  const dial = (): void => {
    if (isDialling || uptimeMs() < pausedUntil) return
    isDialling = true
    usedAt = uptimeMs()
    Effect.runForkWith(context)(Effect.forkIn(life, scope))
  }

  return {
    isOpen: () => {
      if (outbox === null) dial()
      return outbox !== null && waiting.size < waitingMax && Queue.sizeUnsafe(outbox) < unsentMax
    },
    ask: (kind, id, call, resume) => {
      if (outbox === null) {
        resume(null)
        return () => {}
      }
      const n = ++number
      usedAt = uptimeMs()
      waiting.set(n, resume)
      Queue.offerUnsafe(outbox, [n, kind, id, call])
      return () => {
        if (waiting.delete(n) && outbox !== null) Queue.offerUnsafe(outbox, [n])
      }
    }
  }
}
