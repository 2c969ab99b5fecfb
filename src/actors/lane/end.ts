// One end of a lane, whoever dialled: batches go out as soon as the last one has left, what arrives is taken
// in order. Ends with its connection, with the first line that is none of ours, or when the other end says
// nothing for too long.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import * as Queue from "effect/Queue"
import type { Socket } from "effect/socket"
import { batchOf, linesOf, type makeLineReader, type Message, signOfLife } from "./frames.ts"

/** Runners that hear each other answer within milliseconds: after so long another way is quicker. */
const silenceMaxMs = 3_000
const lookEveryMs = 1_000
/** Answers that could not leave yet; with more of them nothing is read that would bring further ones. */
const unsentMax = 4_096

const silent = Effect.fail(new Error("the other runner says nothing on its lane"))

interface End {
  readonly reader: Pick<Socket.Reader, "pull">
  readonly writer: Socket.Writer
  /** It has read the greeting. */
  readonly lines: ReturnType<typeof makeLineReader>
  readonly outbox: Queue.Dequeue<Message>
  readonly take: (batch: ReadonlyArray<ReadonlyArray<unknown>>) => void
  /** Whether who dialled still wants it, and so asks for signs of life; null at the end that was dialled. */
  readonly isWanted: (() => boolean) | null
}

export const runEnd = Effect.fnUntraced(
  function*({ isWanted, lines, outbox, reader, take, writer }: End) {
    const clock = yield* Clock.Clock
    const uptimeMs = () => Number(clock.monotonicTimeNanosUnsafe()) / 1e6
    let heardAt = uptimeMs()
    /** Closed while too much is unsent. Who dialled reads always, or both might wait for each other. */
    const reading = Latch.makeUnsafe(true)

    const hear = Effect.gen(function*() {
      for (;;) {
        const chunks = yield* reader.pull
        heardAt = uptimeMs()
        for (const line of chunks.flatMap(lines)) {
          const batch = batchOf(line)
          if (batch.length > 0) take(batch)
          else if (isWanted === null) yield* writer.write(signOfLife)
          if (isWanted !== null || Queue.sizeUnsafe(outbox) <= unsentMax) continue
          reading.closeUnsafe()
          yield* reading.await
        }
      }
    })
    const tell = Effect.gen(function*() {
      for (;;) {
        const first = yield* Queue.take(outbox)
        // What the same moment brings shares the write.
        yield* Effect.yieldNow
        const rest = Queue.sizeUnsafe(outbox) === 0 ? [] : yield* Queue.takeAll(outbox)
        reading.openUnsafe()
        yield* writer.write(linesOf([first, ...rest]))
      }
    })
    const watch = Effect.gen(function*() {
      for (;;) {
        if (isWanted?.() !== true) return
        yield* writer.write(signOfLife)
        yield* Effect.sleep(lookEveryMs)
        if (uptimeMs() - heardAt > silenceMaxMs) return yield* silent
      }
    })
    yield* Effect.raceAllFirst(isWanted === null ? [hear, tell] : [hear, tell, watch])
  }
)
