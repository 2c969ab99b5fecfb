// A socket as a tester's faults see it: frames that arrive late, in order. Only made on a server that was
// started for faults; in production nothing stands between a connection and its socket.
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { Wire } from "./live-connection.ts"

interface Late {
  readonly due_at: number
  readonly bytes: number
  readonly go: () => void
}

/** Everything is `lagMs()` late; nothing overtakes what came before. */
export const inOrder = (clock: Clock.Clock, lagMs: () => number) => {
  const late: Array<Late> = []

  const goDue = (): void => {
    const now = clock.currentTimeMillisUnsafe()
    while (late[0] !== undefined && late[0].due_at <= now) late.shift()!.go()
  }

  const later = (bytes: number, go: () => void): void => {
    const lag_ms = lagMs()
    if (lag_ms === 0 && late.length === 0) return go()
    const now = clock.currentTimeMillisUnsafe()
    const due_at = Math.max(now + lag_ms, late.at(-1)?.due_at ?? 0)
    late.push({ due_at, bytes, go })
    // A timer may come a moment early: then a later one, or this bit more, takes it along.
    const wait = Duration.millis(due_at - now + 1)
    Effect.runFork(Effect.andThen(clock.sleep(wait), Effect.sync(goDue)))
  }

  return { later, bytes: () => late.reduce((sum, { bytes }) => sum + bytes, 0) }
}

/** Everything said over `wire`, in order. */
export const laggingWire = (wire: Wire, clock: Clock.Clock, lagMs: () => number): Wire => {
  const { bytes, later } = inOrder(clock, lagMs)
  return {
    get readyState() {
      return wire.readyState
    },
    get bufferedAmount() {
      return wire.bufferedAmount + bytes()
    },
    send: (frame, done) => later(frame.length, () => wire.send(frame, done)),
    ping: () => wire.ping(),
    close: (code, reason) => later(0, () => wire.close(code, reason)),
    terminate: () => wire.terminate()
  }
}
