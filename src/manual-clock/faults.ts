// The fault menu: what is wrong at the moment, by a tester's wish, and when it ends. Every fault ends by
// itself, in real time, even if the tester who asked for it is gone.
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { SecureRandom } from "effect/crypto"
import {
  type Fault,
  type FaultKind,
  type FaultMenu,
  faultsMax,
  type FaultySocket
} from "../services/manual-clock/faults.ts"

const concerns = (fault: FaultKind, kind: FaultKind["kind"], userId: string): boolean =>
  fault.kind === kind && "user_id" in fault && fault.user_id === userId

const delayOf = (fault: FaultKind): number => "delay_ms" in fault ? fault.delay_ms : 0

/** The longest of them: two faults do not add up. */
const longest = (faults: Iterable<FaultKind>): number => Math.max(0, ...[...faults].map(delayOf))

export const makeFaults = Effect.fnUntraced(function*(real: Clock.Clock) {
  const random = yield* SecureRandom.SecureRandom
  const active = new Map<string, Fault>()
  const sockets = new Set<FaultySocket>()
  const kinds = () => [...active.values()].map(({ fault }) => fault)

  const cutSockets = (userId: string): void => {
    for (const socket of sockets) if (socket.user_id() === userId) socket.cut()
  }

  const start = Effect.fnUntraced(function*(fault: FaultKind, undoAfterMs: number) {
    if (active.size >= faultsMax) return null
    const began_at = real.currentTimeMillisUnsafe()
    const started: Fault = { id: yield* random.uuidV4(), fault, began_at, undone_at: began_at + undoAfterMs }
    active.set(started.id, started)
    if (fault.kind === "cut_socket") cutSockets(fault.user_id)
    yield* Effect.forkDetach(
      Effect.andThen(real.sleep(Duration.millis(undoAfterMs)), Effect.sync(() => active.delete(started.id)))
    )
    return started
  })

  const menu: FaultMenu = {
    list: Effect.sync(() => [...active.values()]),
    start,
    undo: (id) =>
      Effect.sync(() => {
        const before = active.size
        if (id === null) active.clear()
        else active.delete(id)
        return before - active.size
      }),
    database_delay_ms: () =>
      active.size === 0 ? 0 : longest(kinds().filter(({ kind }) => kind === "slow_database")),
    valkeyIsLost: () => kinds().some(({ kind }) => kind === "lose_valkey"),
    doublesWebhook: () => {
      const asked = [...active.values()].find(({ fault }) => fault.kind === "double_webhook")
      return asked !== undefined && active.delete(asked.id)
    },
    isCut: (userId) => kinds().some((fault) => concerns(fault, "cut_socket", userId)),
    lag_ms: (userId) => longest(kinds().filter((fault) => concerns(fault, "lag_socket", userId))),
    addSocket: (socket) => {
      sockets.add(socket)
      return () => void sockets.delete(socket)
    }
  }
  return menu
})
