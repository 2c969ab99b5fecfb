// The world of the handler tests: real handlers, real machines in the real turn loop, memory adapters.
// Fake are only the cluster (actors live in one map), the socket (a Connection without one) and the
// bus's reliability (faults can be ordered).
import { assert } from "@effect/vitest"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { SecureRandom } from "effect/crypto"
import { RpcTest } from "effect/rpc"
import { makeMitraMachine } from "../../src/actors/mitra/actor.ts"
import { MitraActors } from "../../src/actors/mitra/protocol.ts"
import { makeSessionMachine } from "../../src/actors/session/actor.ts"
import { SessionActors } from "../../src/actors/session/protocol.ts"
import * as Requests from "../../src/actors/session/requests.ts"
import { makeTurns, type Turns } from "../../src/actors/turn.ts"
import { PublicApi } from "../../src/contract/public/public-api.ts"
import * as AccessTokens from "../../src/http/public/auth/access-tokens.ts"
import { layerPublicHandlers } from "../../src/http/public/public-handlers.ts"
import * as StoresMemory from "../../testkit/memory/stores.memory.ts"
import * as AvailabilityMemory from "../../testkit/memory/availability.memory.ts"
import * as Beacon from "../../src/layers/availability/beacon.ts"
import * as BusMemory from "../../testkit/memory/bus.memory.ts"
import * as CheckoutBuiltin from "../../src/layers/payments/checkout.builtin.ts"
import * as CodeSenderWithoutProvider from "../../src/layers/accounts/code-sender.without-provider.ts"
import * as Tables from "../../testkit/memory/store/tables.ts"
import * as RateLimitsMemory from "../../src/layers/platform/rate-limits.local.ts"
import * as PushMemory from "../../testkit/memory/push.memory.ts"
import * as PresenceMemory from "../../src/layers/availability/presence.local.ts"
import * as SessionViewsMemory from "../../testkit/memory/session-views.memory.ts"
import * as SessionsMemory from "../../testkit/memory/sessions.memory.ts"
import { Availability } from "../../src/services/availability/availability.ts"
import { Bus, type BusMessage } from "../../src/services/bus/bus.ts"
import { SessionViews } from "../../src/services/sessions/session-views.ts"
import { Sessions } from "../../src/services/sessions/sessions.ts"
import { Unavailable } from "../../src/services/platform/unavailable.ts"

/** What goes wrong, until it is put right again. */
export class Faults extends Context.Service<Faults, {
  /** Rewrites what the bus carries: drops, doubles, empties. */
  onBus: (messages: ReadonlyArray<BusMessage>) => ReadonlyArray<BusMessage>
  /** Session reads fail. */
  sessionsAreDown: boolean
  /** No session can be opened. */
  openingIsDown: boolean
  /** Session actors answer as those of the version before: the outcome alone. */
  actorsAreOld: boolean
  /** So long until a ping is recorded, once. */
  nextPingTakes: Duration.Input | null
  /** Happens once, right after the live sessions were next read. */
  afterLiveOf: Effect.Effect<unknown, unknown>
  /** How often events were read from storage, and how many at most. */
  readonly reads: Array<{ readonly after: number; readonly limit: number }>
  /** What Sessions and SessionViews were asked, in order, by the names of its calls. */
  readonly asked: Array<string>
}>()("test/Faults") {}

const faults = Layer.sync(Faults)(() => ({
  onBus: (messages) => messages,
  sessionsAreDown: false,
  openingIsDown: false,
  actorsAreOld: false,
  nextPingTakes: null,
  afterLiveOf: Effect.void,
  reads: [],
  asked: []
}))

/** Notes the name of every call before it is made. */
const noting = <Port extends object>(asked: Array<string>, port: Port): Port => {
  const noted = Object.entries(port).map(([name, call]) => {
    if (typeof call !== "function") return [name, call]
    const noting = (...given: Array<never>): unknown => {
      asked.push(name)
      return (call as (...given: Array<never>) => unknown)(...given)
    }
    return [name, noting]
  })
  return Object.fromEntries(noted) as Port
}

const faultyBus = Layer.effect(Bus)(Effect.gen(function*() {
  const bus = yield* Bus
  const faults = yield* Faults
  return Bus.of({ ...bus, publish: (messages) => Effect.suspend(() => bus.publish(faults.onBus(messages))) })
})).pipe(Layer.provide(BusMemory.layer))

const down = new Unavailable({ what: "postgres", retryable: true })
const guarded = <A>(faults: Faults["Service"], read: Effect.Effect<A, Unavailable>) =>
  Effect.suspend(() => faults.sessionsAreDown ? Effect.fail(down) : read)

const faultySessions = Layer.effect(Sessions)(Effect.gen(function*() {
  const sessions = yield* Sessions
  const faults = yield* Faults
  return noting(
    faults.asked,
    Sessions.of({
      ...sessions,
      open: (...request) =>
        Effect.suspend(() => faults.openingIsDown ? Effect.fail(down) : sessions.open(...request)),
      find: (id) => guarded(faults, sessions.find(id))
    })
  )
})).pipe(Layer.provide(SessionsMemory.layer))

const slowPings = Layer.effect(Availability)(Effect.gen(function*() {
  const availability = yield* Availability
  const faults = yield* Faults
  return Availability.of({
    ...availability,
    heartbeat: (mitraId, at) =>
      Effect.suspend(() => {
        const takes = faults.nextPingTakes
        faults.nextPingTakes = null
        return Effect.andThen(
          takes === null ? Effect.void : Effect.sleep(takes),
          availability.heartbeat(mitraId, at)
        )
      })
  })
})).pipe(Layer.provide(AvailabilityMemory.layer))

const faultyViews = Layer.effect(SessionViews)(Effect.gen(function*() {
  const views = yield* SessionViews
  const faults = yield* Faults
  return noting(
    faults.asked,
    SessionViews.of({
      ...views,
      participation: (id) => guarded(faults, views.participation(id)),
      liveOf: (side, id) =>
        Effect.tap(guarded(faults, views.liveOf(side, id)), () => {
          const happens = faults.afterLiveOf
          faults.afterLiveOf = Effect.void
          return Effect.orDie(happens)
        }),
      eventsAfter: (id, seq, limit) => {
        faults.reads.push({ after: seq, limit })
        return guarded(faults, views.eventsAfter(id, seq, limit))
      }
    })
  )
})).pipe(Layer.provide(SessionViewsMemory.layer))

/** All but the provider that takes the money. */
export const adapters = Layer.mergeAll(
  slowPings,
  CodeSenderWithoutProvider.layerLog,
  PresenceMemory.layerAlone,
  PushMemory.layer,
  RateLimitsMemory.layer,
  faultyBus,
  faultySessions,
  faultyViews
).pipe(
  Layer.provideMerge(StoresMemory.layer),
  Layer.provideMerge(Layer.mergeAll(Tables.layer, faults, SecureRandom.layerWebCrypto))
)

/** Fake cluster: each actor is made on its first call and lives as long as the world. */
const actorsOf = Effect.fnUntraced(function*<Command, Reply, R>(
  make: (id: string) => Effect.Effect<Turns<Command, Reply>, never, R>
) {
  const services = yield* Effect.context<R>()
  const actors = new Map<string, Turns<Command, Reply>>()
  return Effect.fnUntraced(function*(id: string, call: Parameters<Turns<Command, Reply>["run"]>[0]) {
    const actor = actors.get(id) ?? (yield* Effect.provideContext(make(id), services))
    actors.set(id, actor)
    return yield* actor.run(call)
  })
})

/** Sessions wake each other: they are made with the very service that they make up. */
const sessionActors = Layer.effect(SessionActors)(Effect.gen(function*() {
  const faults = yield* Faults
  let reach: SessionActors["Service"]["run"] | null = null
  const self = SessionActors.of({
    run: (id, call) =>
      Effect.suspend(() => reach === null ? Effect.die("too early") : reach(id, call)).pipe(
        Effect.map((reply) =>
          faults.actorsAreOld ? { ...reply, seen: null, unread: null, offered: null } : reply
        )
      )
  })
  reach = yield* actorsOf((id) =>
    Effect.flatMap(Effect.provideService(makeSessionMachine(id, "here"), SessionActors, self), makeTurns)
  )
  return self
}))

const mitraActors = Layer.effect(MitraActors)(Effect.map(
  actorsOf((id) => Effect.flatMap(makeMitraMachine(id, "here"), makeTurns)),
  (run) => ({ run })
))

const secrets = Redacted.make("a-secret-of-at-least-32-bytes-for-tests")

const handlers = layerPublicHandlers({
  secrets,
  dev_code: "000000",
  test_numbers: true,
  heartbeat_every_seconds: 30
}).pipe(Layer.provideMerge(AccessTokens.layer({ secrets })))

/** The handlers over these adapters, of which a test may bring its own. */
export const handlersOver = <A>(ports: Layer.Layer<A>) =>
  handlers.pipe(
    Layer.provideMerge(Layer.merge(Requests.layer, mitraActors)),
    Layer.provideMerge(Layer.mergeAll(sessionActors, Beacon.layer)),
    Layer.provideMerge(ports)
  )

export const world = handlersOver(Layer.merge(adapters, CheckoutBuiltin.layer))

export const makeClient = RpcTest.makeClient(PublicApi, { flatten: true, disableFatalDefects: true })

/** Answers must also fit the contract they are sent under. */
export const fits = <A>(tag: string, value: A): A => {
  const rpc = PublicApi.requests.get(tag) ?? assert.fail(`no call named ${tag}`)
  Schema.encodeUnknownSync(Schema.toCodecJson(rpc.successSchema as Schema.Codec<unknown>))(value)
  return value
}
