// A real listener on a free port with a handful of calls that behave well and badly. Only the people
// are invented: tokens are JSON, sign-ins are live unless a test ends them.
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import { SecureRandom } from "effect/crypto"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServer from "effect/http/HttpServer"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as References from "effect/References"
import { Rpc, RpcGroup } from "effect/rpc"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { CallError } from "../../../src/contract/errors.ts"
import { type Refusal, refuse } from "../../../src/domain/refusal.ts"
import { currentConnection, type Principal } from "../../../src/http/socket/connection.ts"
import { Connections } from "../../../src/http/socket/connections.ts"
import { Limits, publicLimits, type SocketLimits } from "../../../src/http/socket/limits.ts"
import { layerPublic } from "../../../src/http/public/public.ts"
import * as ReadinessLayer from "../../../src/http/readiness.ts"
import { Readiness } from "../../../src/http/readiness.ts"
import { TokenVerifier } from "../../../src/http/socket/token-verifier.ts"
import * as BusMemory from "../../../testkit/memory/bus.memory.ts"
import * as PresenceMemory from "../../../src/layers/availability/presence.local.ts"
import { SignIns } from "../../../src/services/accounts/sign-ins.ts"
import { Bus } from "../../../src/services/bus/bus.ts"
import { Unavailable } from "../../../src/services/platform/unavailable.ts"

const Text = Schema.Struct({ text: Schema.String })

export const TestRpcs = RpcGroup.make(
  Rpc.make("test.echo", { payload: { text: Schema.String }, success: Text, error: CallError }),
  Rpc.make("test.blob", { payload: { bytes: Schema.Int }, success: Text, error: CallError }),
  /** These answer when the test opens the gate. */
  Rpc.make("test.slow_blob", { payload: { bytes: Schema.Int }, success: Text, error: CallError }),
  Rpc.make("test.slow", { payload: {}, success: Text, error: CallError }),
  Rpc.make("test.fail", { payload: {}, success: Schema.Null, error: CallError }),
  Rpc.make("test.die", { payload: { how: Schema.String }, success: Schema.Null, error: CallError }),
  Rpc.make("test.stop", { payload: {}, success: Schema.Null, error: CallError }),
  Rpc.make("test.badly_encoded", { payload: {}, success: Text, error: CallError }),
  Rpc.make("test.count", {
    payload: { to: Schema.Int },
    success: Schema.Int,
    error: CallError,
    stream: true
  }),
  /** So many chunks of this length, each ready as soon as it may follow. */
  Rpc.make("test.chunks", {
    payload: { count: Schema.Int, bytes: Schema.Int },
    success: Text,
    error: CallError,
    stream: true
  }),
  Rpc.make("test.forever", { payload: {}, success: Schema.Int, error: CallError, stream: true }),
  Rpc.make("test.who", { payload: {}, success: Schema.NullOr(Schema.String), error: CallError }),
  Rpc.make("test.headers", { payload: {}, success: Schema.Json, error: CallError }),
  Rpc.make("test.authenticate", { payload: { token: Schema.String }, success: Schema.Null, error: CallError })
)

/** What handlers of this group report to the test. */
export interface Observed {
  readonly gate: Deferred.Deferred<void>
  readonly interrupted: Array<string>
}

const dieAs = (how: string): Effect.Effect<never> => {
  if (how === "throw") throw new Error("secret: thrown")
  if (how === "text") return Effect.die("secret: text")
  return Effect.die(new Error("secret: error"))
}

const layerHandlers = (observed: Observed) =>
  TestRpcs.toLayer(Effect.gen(function*() {
    const verifier = yield* TokenVerifier
    const noteInterrupted = (call: string) =>
      Effect.andThen(
        Effect.sync(() => observed.interrupted.push(call)),
        Effect.logDebug(`${call} was interrupted`)
      )
    return TestRpcs.of({
      "test.echo": ({ text }) => Effect.succeed({ text }),
      "test.blob": ({ bytes }) => Effect.succeed({ text: "x".repeat(bytes) }),
      "test.slow_blob": ({ bytes }) => Effect.as(Deferred.await(observed.gate), { text: "x".repeat(bytes) }),
      "test.slow": () =>
        Deferred.await(observed.gate).pipe(
          Effect.as({ text: "at last" }),
          Effect.onInterrupt(() => noteInterrupted("test.slow"))
        ),
      "test.fail": () => refuse("SESSION_OVER", "It is over.", { session_id: "s1" }),
      "test.die": ({ how }) => dieAs(how),
      "test.stop": () => Effect.interrupt,
      "test.badly_encoded": () => Effect.succeed({ text: 7 as unknown as string }),
      "test.count": ({ to }) => Stream.range(1, to),
      "test.chunks": ({ bytes, count }) =>
        Stream.range(1, count).pipe(
          Stream.rechunk(1),
          Stream.map((number) => ({ text: String(number).padEnd(bytes, ".") }))
        ),
      "test.forever": () =>
        Stream.never.pipe(
          Stream.ensuring(noteInterrupted("test.forever"))
        ),
      "test.who": () =>
        Effect.flatMap(currentConnection, (connection) =>
          Effect.map(connection.principal, (principal) => principal?.user_id ?? null)),
      "test.headers": (_, { headers }) =>
        Effect.succeed({ ...headers }),
      "test.authenticate": ({ token }) =>
        Effect.gen(function*() {
          const connection = yield* currentConnection
          yield* connection.authenticate(yield* verifier.verify(token))
          return null
        }).pipe(Effect.catchTag("Unavailable", (unavailable) => Effect.die(unavailable)))
    })
  }))

/** A token of the tests' world: the principal itself. */
export const tokenFor = (principal: Partial<Principal> = {}): string =>
  Buffer.from(JSON.stringify({
    user_type: "customer",
    user_id: "sari",
    auth_session_id: "family-1",
    expires_at: Number.MAX_SAFE_INTEGER,
    ...principal
  })).toString("base64url")

/** What happens after a token was checked, and before its connection is signed in. */
interface Between {
  check: Effect.Effect<void>
}

const layerVerifier = (between: Between) =>
  Layer.succeed(
    TokenVerifier,
    TokenVerifier.of({
      verify: (token) =>
        Effect.tap(
          Effect.suspend((): Effect.Effect<Principal, Refusal | Unavailable> => {
            if (token === "unknowable") {
              return Effect.fail(new Unavailable({ what: "postgres", retryable: true }))
            }
            try {
              return Effect.succeed(JSON.parse(Buffer.from(token, "base64url").toString()) as Principal)
            } catch {
              return Effect.fail(refuse("TOKEN_INVALID", "This token was not signed here."))
            }
          }),
          () => between.check
        )
    })
  )

const layerSignIns = (ended: ReadonlySet<string>) => {
  const unused = () => Effect.die(new Error("not part of these tests"))
  return Layer.succeed(
    SignIns,
    SignIns.of({
      open: unused,
      rotate: unused,
      listOf: unused,
      revokeFamily: unused,
      revokeAllOf: unused,
      issueCode: unused,
      checkCode: unused,
      testNumbers: unused(),
      testCodeOf: unused,
      putTestNumber: unused,
      removeTestNumber: unused,
      isLive: (familyId) => Effect.sync(() => !ended.has(familyId))
    })
  )
}

/** Log lines as text, to look for what must and must not be there. */
const makeLog = () => {
  const lines: Array<string> = []
  const watchers = new Set<(line: string) => void>()
  const logger = Logger.make((options) => {
    const message = Array.isArray(options.message) ? options.message : [options.message]
    const annotations = JSON.stringify(options.fiber.getRef(References.CurrentLogAnnotations))
    const line = [...message.map(String), annotations, Cause.pretty(options.cause)].join(" ")
    lines.push(line)
    for (const watcher of watchers) watcher(line)
  })
  const layer = Layer.merge(Logger.layer([logger]), Layer.succeed(References.MinimumLogLevel, "Debug"))
  const logged = (text: string) =>
    Effect.callback<string>((resume) => {
      const found = lines.find((line) => line.includes(text))
      if (found !== undefined) return resume(Effect.succeed(found))
      const watcher = (line: string) => line.includes(text) ? resume(Effect.succeed(line)) : undefined
      watchers.add(watcher)
      return Effect.sync(() => watchers.delete(watcher))
    }).pipe(Effect.timeoutOrElse({
      duration: "20 seconds",
      orElse: () => Effect.die(new Error(`waited in vain for the log to say ${text}`))
    }))
  return { lines, layer, logged }
}

/** A plain route, to see what becomes of bodies and of routes that die. */
const layerRoutes = HttpRouter.use((router) =>
  Effect.gen(function*() {
    yield* router.add(
      "POST",
      "/test/length",
      Effect.gen(function*() {
        const request = yield* HttpServerRequest.HttpServerRequest
        return HttpServerResponse.jsonUnsafe({ length: (yield* request.text).length })
      })
    )
    yield* router.add("GET", "/test/die", Effect.die(new Error("secret: route")))
  })
)

/** Starts a listener; stops it with the scope, or earlier with `stop`. */
export const listening = Effect.fnUntraced(function*(
  limits: Partial<SocketLimits> = {}
) {
  const observed: Observed = { gate: yield* Deferred.make<void>(), interrupted: [] }
  const ended = new Set<string>()
  const between: Between = { check: Effect.void }
  const log = makeLog()
  const layer = layerPublic({ host: "127.0.0.1", port: 0, group: TestRpcs, routes: layerRoutes }).pipe(
    Layer.provide(layerHandlers(observed)),
    Layer.provide(layerVerifier(between)),
    Layer.provide([layerSignIns(ended), PresenceMemory.layer]),
    Layer.provideMerge(BusMemory.layer),
    Layer.provideMerge(ReadinessLayer.layer),
    Layer.provide(SecureRandom.layerWebCrypto),
    Layer.provide(Layer.succeed(Limits, { ...publicLimits, watch_every_ms: 20, ...limits })),
    Layer.provide(log.layer)
  )
  const scope = yield* Scope.fork(yield* Effect.scope)
  const context = yield* Scope.provide(Layer.build(layer), scope)
  const readiness = Context.get(context, Readiness)
  yield* readiness.clear("starting")
  const { address } = Context.get(context, HttpServer.HttpServer)
  if (!("port" in address)) return yield* Effect.die(new Error("the listener has no port"))
  return {
    url: `ws://127.0.0.1:${address.port}/ws`,
    http: `http://127.0.0.1:${address.port}`,
    port: address.port,
    connections: Context.get(context, Connections),
    bus: Context.get(context, Bus),
    readiness,
    observed,
    /** Sign-ins that are no longer live. */
    ended,
    between,
    log: log.lines,
    /** The first line with this text, once there is one. */
    logged: log.logged,
    stop: Scope.close(scope, Exit.void)
  }
})
