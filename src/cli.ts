// The command line: one process, one command. Problems an operator can solve are one readable message and
// exit code 1, never a stack trace. This is the edge: signals, exit codes and the log format live here.
// First: schemas that are used after it decode and encode by code made for them, where the platform allows.
import "effect/schema/SchemaJITCompiler/enable"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as References from "effect/References"
import { Argument, Command, Flag } from "effect/cli"
import { runCommandLine } from "./commands/command-line.ts"
import { stopBoundWarning } from "./commands/stop-bound.ts"
import { describeConfig, layer as configLayer, ServerConfig } from "./config/server-config.ts"

const levels = { debug: "Debug", info: "Info", warn: "Warn", error: "Error" } as const

/** People read the development log, machines the production one. */
const logging = Layer.unwrap(
  Effect.map(ServerConfig, (config) =>
    Layer.merge(
      Logger.layer([config.production ? Logger.consoleJson : Logger.consolePretty()]),
      Layer.succeed(References.MinimumLogLevel)(levels[config.log_level as keyof typeof levels])
    ))
)

const configured = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  effect.pipe(Effect.provide(logging), Effect.provide(configLayer))

// Imported when needed: `check-config` must answer without loading a server.
const serve = Effect.flatMap(Effect.promise(() => import("./commands/serve.ts")), (module) => module.serve)
const database = Effect.promise(() => import("./commands/database.ts"))

const checkConfig = Effect.gen(function*() {
  const config = yield* ServerConfig
  for (const line of describeConfig(config)) yield* Console.log(line)
  const warning = stopBoundWarning(config)
  if (warning !== null) yield* Console.error(warning)
})

const command = (name: string, description: string, effect: Effect.Effect<unknown, unknown, ServerConfig>) =>
  Command.make(name, {}, () => configured(effect)).pipe(Command.withDescription(description))

const rewrap = Command.make(
  "rewrap",
  {
    dryRun: Flag.Boolean("dry-run").pipe(
      Flag.withDescription("Only count the texts under each key"),
      Flag.withDefault(false)
    )
  },
  ({ dryRun }) =>
    configured(Effect.flatMap(
      Effect.promise(() => import("./commands/rewrap.ts")),
      (module) => module.rewrap({ dry_run: dryRun })
    ))
).pipe(Command.withDescription("Seal with the first key what is plain or sealed with another one"))

const calling = Effect.promise(() => import("./commands/call.ts"))
const callStaff = (tag: string, given: ReadonlyArray<string>) =>
  configured(Effect.flatMap(calling, (module) => module.call(tag, given)))

const staffCall = Command.make(
  "call",
  { tag: Argument.String("call"), given: Argument.String("key=value").pipe(Argument.variadic()) },
  ({ given, tag }) => callStaff(tag, given)
).pipe(Command.withDescription("One call of the control center: call admin.mitras search=ayu"))

const settings = Command.make("settings", {}, () => callStaff("admin.settings_read", [])).pipe(
  Command.withDescription("The product's settings; with `set <key> <value>`, change one"),
  Command.withSubcommands([
    Command.make(
      "set",
      { key: Argument.String("key"), value: Argument.String("value") },
      ({ key, value }) => callStaff("admin.settings_write", [`key=${key}`, `value=${value}`])
    ).pipe(Command.withDescription("Change one setting: settings set max_customers_per_mitra 5"))
  ])
)

const cli = Command.make("halobestie", {}, () => configured(serve)).pipe(
  Command.withDescription("Halobestie's realtime server. Without a command: serve."),
  Command.withSubcommands([
    command("serve", "Run the server until SIGTERM or Ctrl-C", serve),
    command(
      "migrate",
      "Bring the database at DATABASE_URL to this version's schema",
      Effect.flatMap(database, (module) => module.migrate)
    ),
    command(
      "seed",
      "Add the first admin, the pricing tiers and, outside production, demo people",
      Effect.flatMap(database, (module) => module.seed)
    ),
    rewrap,
    staffCall,
    settings,
    command("check-config", "Print the effective configuration with secrets hidden", checkConfig)
  ])
)

runCommandLine(cli)
