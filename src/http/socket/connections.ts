// All open connections of one listener: how many there are per address and in total, who is on which,
// and how they are told to leave when this process stops.
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import { SecureRandom } from "effect/crypto"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import { type CloseCode, closeCodes } from "../../contract/close-codes.ts"
import { Faults } from "../../services/manual-clock/faults.ts"
import { scopedTake } from "../../services/platform/scoped-take.ts"
import * as RealTime from "../../services/platform/real-time.ts"
import type { Principal } from "./connection.ts"
import { laggingWire } from "./lagging-wire.ts"
import { Limits, WireClock } from "./limits.ts"
import { type Directory, makeDirectory, type Person, type Silence } from "./directory.ts"
import { LiveConnection, type Wire } from "./live-connection.ts"
import { tellRateLimited } from "../security-events.ts"
import { makeNewConnections } from "./new-connections.ts"
import { makePlaces, type PlaceLimit } from "./places.ts"
import { refusedPause, returnPause, spreadMs } from "./return-pause.ts"
import { watchAll } from "./watch.ts"

export interface DrainReport {
  readonly connections: number
  /** Calls that were still running when their connection was closed. */
  readonly calls_cut: number
  /** Connections that did not complete their close and were destroyed. */
  readonly sockets_cut: number
}

export class Connections extends Context.Service<Connections, {
  readonly count: Effect.Effect<number>
  /** Whether an event sent now could arrive; sockets that are being closed or fell silent do not count. */
  readonly isConnected: (person: Person) => Effect.Effect<boolean>
  /** Closes the sockets of one sign-in, or of all of them when null; returns how many. */
  readonly closePerson: (
    person: Person,
    authSessionId: string | null,
    code: CloseCode
  ) => Effect.Effect<number>
  /**
   * Tells everybody to come back, elsewhere if they can; returns how many. New ones are let in: `again` when
   * these are such, who found nothing better.
   */
  readonly sendAway: (again: boolean) => Effect.Effect<number>
  /** Reads nothing more, lets calls in flight finish within the bound, then tells all phones to come back. */
  readonly drain: Effect.Effect<DrainReport>
  /** Counts one more new connection of this address: null, or after how many ms it may come back. */
  readonly tooSoon: (remote_address: string) => Effect.Effect<number | null>
  /**
   * A place for one more connection until the scope closes, or the limit that leaves none: for who comes
   * without a token there are fewer.
   */
  readonly admit: (
    remote_address: string,
    hasToken: boolean
  ) => Effect.Effect<PlaceLimit | null, never, Scope.Scope>
  readonly open: (wire: Wire, remote_address: string) => Effect.Effect<LiveConnection, never, Scope.Scope>
  /** From now on `closePerson` finds it. */
  readonly signIn: (connection: LiveConnection, principal: Principal) => Effect.Effect<void>
  /** Everybody who is signed in here. */
  readonly people: Effect.Effect<ReadonlyArray<Person>>
  readonly signInsOf: (person: Person) => Effect.Effect<ReadonlySet<string>>
  readonly find: (clientId: number) => LiveConnection | undefined
  /** Client ids whose calls must be interrupted, once each. */
  readonly disconnects: Queue.Queue<number>
  /** People whose every socket here has fallen silent, and those of them of whom one is heard again. */
  readonly silences: Queue.Queue<Silence>
}>()("halobestie/http/Connections") {}

const makeDrain = Effect.fnUntraced(function*(directory: Directory, begin: Effect.Effect<void>) {
  const limits = yield* Limits
  const wireClock = yield* WireClock
  const waitUntilEmpty = (boundMs: number) =>
    directory.empty.await.pipe(
      RealTime.timeoutOption(boundMs),
      Effect.provideService(Clock.Clock, wireClock)
    )
  return Effect.gen(function*() {
    const connections = [...directory.open.values()]
    const retryAfter = returnPause(connections.length, limits)
    yield* begin
    if (connections.length > 0) {
      yield* Effect.logInfo("draining sockets").pipe(
        Effect.annotateLogs({ connections: connections.length })
      )
    }
    for (const connection of connections) connection.startDraining(yield* retryAfter)
    yield* waitUntilEmpty(limits.drain_in_flight_ms)
    let callsCut = 0
    for (const connection of directory.open.values()) {
      callsCut += [...connection.calls.values()].filter((call) => !call.is_stream).length
      connection.close(closeCodes.goingAway, yield* retryAfter)
    }
    yield* waitUntilEmpty(limits.drain_flush_ms)
    for (const connection of directory.open.values()) connection.cut()
    yield* waitUntilEmpty(limits.drain_cut_ms)
    // The watch may have been quicker.
    const socketsCut = connections.filter((connection) => connection.was_cut).length
    return { connections: connections.length, calls_cut: callsCut, sockets_cut: socketsCut }
  })
})

const makeOpen = Effect.fnUntraced(function*(
  directory: Directory,
  disconnects: Queue.Queue<number>,
  isDraining: () => boolean
) {
  const limits = yield* Limits
  const clock = yield* WireClock
  const random = yield* SecureRandom.SecureRandom
  const faults = yield* Faults
  let opened = 0

  const fork = Effect.runForkWith(yield* Effect.context<never>())
  const onClosing = (closing: LiveConnection) => {
    const limit = closing.closing?.code.limit ?? null
    if (limit !== null) {
      fork(tellRateLimited(limit.name, closing.principal?.user_id ?? closing.remote_address))
    }
    Queue.offerUnsafe(disconnects, closing.client_id)
    directory.settleSilence(closing.principal)
  }
  const onSilence = (changed: LiveConnection) => directory.settleSilence(changed.principal)

  const acquire = (id: string, wire: Wire, remote_address: string) => {
    const lagMs = () => connection.principal === null ? 0 : faults?.lag_ms(connection.principal.user_id) ?? 0
    const connection: LiveConnection = new LiveConnection({
      id,
      client_id: opened++,
      remote_address,
      wire: faults === null ? wire : laggingWire(wire, clock, lagMs),
      limits,
      clock,
      onClosing,
      onSilence
    })
    directory.add(connection)
    const removed = faults?.addSocket({
      user_id: () => connection.principal?.user_id ?? null,
      cut: () => connection.cut()
    })
    // It was let in just before the drain began.
    if (isDraining()) connection.startDraining(spreadMs(directory.open.size, limits))
    return { connection, removed }
  }

  const release = ({ connection, removed }: ReturnType<typeof acquire>) => {
    directory.remove(connection)
    removed?.()
    if (connection.closing !== null) return
    // The other end left by itself: its calls have no caller to answer.
    connection.endCalls()
    Queue.offerUnsafe(disconnects, connection.client_id)
  }

  return Effect.fnUntraced(function*(wire: Wire, remote_address: string) {
    const id = yield* random.uuidV7()
    const { connection } = yield* scopedTake(
      Effect.sync(() => acquire(id, wire, remote_address)),
      (opened) => Effect.sync(() => release(opened))
    )
    return connection
  })
})

const makeConnections = Effect.gen(function*() {
  const limits = yield* Limits
  const places = makePlaces(limits)
  const newConnections = makeNewConnections(limits)
  const wireClock = yield* WireClock
  // Unbounded, but whoever takes from it never waits: as many as change within a turn of the event loop.
  const silences = yield* Queue.unbounded<Silence>()
  const directory = makeDirectory(
    limits.sockets_per_person_max,
    (person) => Queue.offerUnsafe(silences, person)
  )
  const faults = yield* Faults
  // Unbounded, but it holds at most one number per open connection.
  const disconnects = yield* Queue.unbounded<number>()
  let isDraining = false
  const begin = Effect.sync(() => {
    isDraining = true
  })

  yield* watchAll(directory.open)
  return Connections.of({
    count: Effect.sync(() => directory.open.size),
    isConnected: (person) =>
      Effect.sync(() =>
        [...directory.of(person)].some((connection) => connection.closing === null && !connection.is_silent)
      ),
    closePerson: (person, authSessionId, code) =>
      Effect.sync(() => {
        const named = [...directory.of(person)].filter((connection) =>
          authSessionId === null || connection.principal?.auth_session_id === authSessionId
        )
        for (const connection of named) connection.close(code)
        return named.length
      }),
    sendAway: Effect.fnUntraced(function*(again) {
      const staying = [...directory.open.values()].filter(({ closing }) => closing === null)
      const retryAfter = again ? refusedPause(limits) : returnPause(staying.length, limits)
      for (const connection of staying) connection.close(closeCodes.goingAway, yield* retryAfter)
      return staying.length
    }),
    drain: yield* Effect.cached(yield* makeDrain(directory, begin)),
    tooSoon: (remote_address) =>
      Effect.sync(() => newConnections.take(remote_address, wireClock.currentTimeMillisUnsafe())),
    admit: (remote_address, hasToken) =>
      scopedTake(
        Effect.sync(() =>
          !hasToken && directory.nobodies() >= limits.nobodies_max
            ? "connections_of_nobody" as const
            : places.take(remote_address)
        ),
        (full) => Effect.sync(() => full === null ? places.giveBack(remote_address) : undefined)
      ),
    open: yield* makeOpen(directory, disconnects, () => isDraining),
    signIn: (connection, principal) =>
      Effect.sync(() => {
        directory.signIn(connection, principal)
        // No network for them just now, however often they try.
        if (faults?.isCut(principal.user_id) === true) connection.cut()
      }),
    people: Effect.sync(directory.people),
    signInsOf: (person) =>
      Effect.sync(() =>
        new Set(
          [...directory.of(person)].flatMap((connection) => connection.principal?.auth_session_id ?? [])
        )
      ),
    find: (clientId) => directory.open.get(clientId),
    disconnects,
    silences
  })
})

export const layer: Layer.Layer<Connections, never, SecureRandom.SecureRandom> = Layer.effect(
  Connections,
  makeConnections
)
