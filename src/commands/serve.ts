// `serve`: runs the server until a signal, then drains it within its bound. A second signal changes
// nothing; a drain that does not end in time is reported and the process ends all the same.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import { devAdminPassword, ServerConfig, type ServerConfigValues } from "../config/server-config.ts"
import { main } from "../main.ts"
import * as RealTime from "../services/platform/real-time.ts"
import { steadyServices } from "../services/platform/steady-clock.ts"
import { HeldPorts, holdPorts } from "../http/held-ports.ts"
import { forTesters } from "../manual-clock/for-testers.ts"
import { startWarnings } from "./start-warnings.ts"

/** The development password is in the source anyway; one that was given stays a secret. */
const shownPassword = ({ admin_password }: ServerConfigValues): string =>
  Redacted.value(admin_password) === devAdminPassword
    ? devAdminPassword
    : "the ADMIN_PASSWORD of the first start"

const providerOf = (config: ServerConfigValues): string => config.xendit_enabled ? "xendit" : "builtin"

/** Where a browser on this machine finds the internal listener. */
const shownHost = ({ internal_host }: ServerConfigValues): string =>
  internal_host === "0.0.0.0" || internal_host === "::" ? "127.0.0.1" : internal_host

const socketUrl = ({ public_port }: ServerConfigValues): string => `ws://127.0.0.1:${public_port}/ws`

/** As the demo wants it, where it is not the one it would look at. */
const internalUrl = (config: ServerConfigValues): string =>
  config.internal_port === 3001
    ? ""
    : ` --internal-url http://${shownHost(config)}:${config.internal_port}`

const welcome = (config: ServerConfigValues): ReadonlyArray<string> =>
  config.production ? [] : [
    `development server: ${providerOf(config)} confirms payments, sign-in codes are printed here`,
    `  phones:   ${socketUrl(config)}`,
    config.xendit_enabled
      ? `  payments: POST http://127.0.0.1:${config.public_port}/api/webhooks/payments/xendit`
      : "  payments: each order prints its page to pay on, and a curl line that pays it, here",
    ...(config.console === true
      ? [`  console:  http://${shownHost(config)}:${config.internal_port}/ (the same sign-in as staff below)`]
      : []),
    `  staff:    ws://${config.internal_host}:${config.internal_port}/ws (and POST /rpc)`,
    `            sign in as ${config.admin_email} with ${shownPassword(config)}`,
    ...(config.clock === "simulated"
      ? [
        `  time:     stands still at ${config.clock_start} until clock.advance moves it`,
        "            (docs/testing-with-simulated-time.md)"
      ]
      : []),
    `  try it:   npm run demo -- --url ${socketUrl(config)}`,
    `  watch it: npm run demo -- --watch --url ${socketUrl(config)}${internalUrl(config)}`
  ]

/** Closes everything in its own fiber, so that a finalizer that hangs cannot hold the process. */
const drain = (scope: Scope.Closeable, config: ServerConfigValues) =>
  Effect.gen(function*() {
    const began = yield* Clock.currentTimeMillis
    const closing = yield* Effect.forkDetach(Scope.close(scope, Exit.void))
    const closed = yield* Fiber.join(closing).pipe(
      Effect.as(true),
      RealTime.timeoutOrElse({
        duration: `${config.drain_timeout_seconds} seconds`,
        orElse: () => Effect.succeed(false)
      })
    )
    const drain_ms = (yield* Clock.currentTimeMillis) - began
    yield* (closed
      ? Effect.logInfo("drained: everything is closed")
      : Effect.logError("the drain did not finish in time; stopping without it")).pipe(
        Effect.annotateLogs({ drain_ms, bound_seconds: config.drain_timeout_seconds })
      )
    // Not as a failure: the end that the signal asked for would hide it.
    if (!closed) process.exitCode = 1
  })

/** Before anything is begun: where another server listens there is nothing to begin. */
const portsOf = (config: ServerConfigValues) =>
  holdPorts([
    { variable: "PUBLIC_PORT", host: config.public_host, port: config.public_port, is_http: true },
    { variable: "INTERNAL_PORT", host: config.internal_host, port: config.internal_port, is_http: true },
    { variable: "RUNNER_PORT", host: config.runner_host, port: config.runner_port, is_http: false }
  ])

const serveOnItsClock = Effect.gen(function*() {
  const config = yield* ServerConfig
  const scope = yield* Scope.make()
  const letGo = yield* Scope.provide(portsOf(config), scope)
  const tester = yield* forTesters(config)
  for (const warning of startWarnings(config)) yield* Effect.logWarning(warning)
  yield* Effect.gen(function*() {
    yield* Layer.buildWithScope(main, scope).pipe(Effect.provideService(HeldPorts, letGo))
    for (const line of welcome(config)) yield* Effect.logInfo(line)
    return yield* Effect.never
  }).pipe(
    // Stopping takes real time: a clock that is held is let go first.
    Effect.onExit(() => Effect.andThen(tester.letGo, drain(scope, config))),
    // Outside the whole graph, because services keep the clock they were built with.
    Effect.provideContext(tester.services)
  )
})

/** Nothing in this process reads a clock that somebody can set. */
export const serve = Effect.flatMap(
  steadyServices,
  (steady) => Effect.provideContext(serveOnItsClock, steady)
)
