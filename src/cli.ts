// The command line: one process, one command. Problems an operator can solve are one readable message and
// exit code 1, never a stack trace. This is the edge: signals, exit codes and the log format live here.
import { effectIsLoaded } from "./without-async-context.ts"
// First: schemas that are used after it decode and encode by code made for them, where the platform allows.
import "effect/schema/SchemaJITCompiler/enable"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import { Argument, Command, Flag } from "effect/cli"
import { runCommandLine } from "./commands/command-line.ts"
import { preparedEnvironment } from "./commands/environment.ts"
import { logging } from "./commands/logging.ts"
import { stopBoundWarning } from "./commands/stop-bound.ts"
import { explainConfig, configurationPage, strangers } from "./config/explain-config.ts"
import { describeConfig, layerFrom, ServerConfig } from "./config/server-config.ts"

effectIsLoaded()

const configLayer = layerFrom(() => preparedEnvironment(process.env))

const warnings = (): ReadonlyArray<string> =>
  strangers(process.env).map(({ name, nearest }) =>
    `${name} is no variable of this server${nearest === null ? "" : `: did you mean ${nearest}?`}`
  )

const configured = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  effect.pipe(Effect.provide(logging), Effect.provide(configLayer))

// Imported when needed: `check-config` must answer without loading a server.
const serve = Effect.andThen(
  Effect.suspend(() =>
    Effect.forEach(warnings(), (warning) => Effect.logWarning(warning), { discard: true })
  ),
  Effect.flatMap(Effect.promise(() => import("./commands/serve.ts")), (module) => module.serve)
)
const database = Effect.promise(() => import("./commands/database.ts"))

const checkConfig = Effect.gen(function*() {
  const config = yield* ServerConfig
  for (const line of describeConfig(config)) yield* Console.log(line)
  const warning = stopBoundWarning(config)
  if (warning !== null) yield* Console.error(warning)
  for (const stranger of warnings()) yield* Console.error(`warning: ${stranger}`)
})

const flag = (name: string, description: string) =>
  Flag.Boolean(name).pipe(Flag.withDescription(description), Flag.withDefault(false))

const checkConfigCommand = Command.make(
  "check-config",
  {
    explain: flag("explain", "Say what every variable means, its unit, default and an example"),
    page: flag("page", "Print docs/operations/configuration.md")
  },
  // Neither needs a configuration that is right.
  ({ explain, page }) =>
    page
      ? Console.log(configurationPage().trimEnd())
      : explain
      ? Effect.forEach(explainConfig(), (line) => Console.log(line), { discard: true })
      : configured(checkConfig)
).pipe(Command.withDescription("Print the effective configuration with secrets hidden"))

const command = (name: string, description: string, effect: Effect.Effect<unknown, unknown, ServerConfig>) =>
  Command.make(name, {}, () => configured(effect)).pipe(Command.withDescription(description))

const migrate = Command.make(
  "migrate",
  {
    status: flag("status", "Only say which migrations are applied and which are pending"),
    dryRun: flag("dry-run", "Only say what a run would do"),
    contract: flag("contract", "Also take away what only versions before this one read")
  },
  ({ contract, dryRun, status }) =>
    configured(
      Effect.flatMap(
        database,
        (module) => module.migrate({ status, dry_run: dryRun, with_contracts: contract })
      )
    )
).pipe(Command.withDescription("Bring the database at DATABASE_URL to this version's schema"))

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

const auditVerify = Command.make(
  "audit-verify",
  {
    expect: Flag.String("expect").pipe(
      Flag.withDescription("A head that an earlier run printed, like 120:9f3a..."),
      Flag.withDefault("")
    )
  },
  ({ expect }) =>
    configured(Effect.flatMap(
      Effect.promise(() => import("./commands/audit-verify.ts")),
      (module) => module.auditVerify(expect)
    ))
).pipe(Command.withDescription("Check that the audit log is as it was written"))

const calling = Effect.promise(() => import("./commands/call.ts"))
const callStaff = (tag: string, given: ReadonlyArray<string>, code = "") =>
  configured(Effect.flatMap(calling, (module) => module.call(tag, given, code === "" ? null : code)))

const staffCall = Command.make(
  "call",
  {
    code: Flag.String("code").pipe(
      Flag.withDescription("Of the authenticator app, for an admin with a second factor"),
      Flag.withDefault("")
    ),
    tag: Argument.String("call").pipe(
      Argument.withDescription("Which one, like admin.mitras; without it, all there are"),
      Argument.withDefault("")
    ),
    given: Argument.String("key=value").pipe(
      Argument.withDescription("What it takes, like search=ayu"),
      Argument.variadic()
    )
  },
  ({ code, given, tag }) =>
    tag === ""
      ? Effect.flatMap(
        calling,
        ({ callLines }) => Effect.forEach(callLines(), (line) => Console.log(line), { discard: true })
      )
      : callStaff(tag, given, code)
).pipe(Command.withDescription("One call of the control center: call admin.mitras search=ayu"))

const settings = Command.make("settings", {}, () => callStaff("admin.settings_read", [])).pipe(
  Command.withDescription("The product's settings; with `set <key> <value>`, change one"),
  Command.withSubcommands([
    Command.make(
      "set",
      {
        key: Argument.String("key").pipe(Argument.withDescription("As `settings` shows it")),
        value: Argument.String("value").pipe(Argument.withDescription("A number, true, false or a word"))
      },
      ({ key, value }) => callStaff("admin.settings_write", [`key=${key}`, `value=${value}`])
    ).pipe(Command.withDescription("Change one setting: settings set max_customers_per_mitra 5"))
  ])
)
const doctor = Effect.flatMap(Effect.promise(() => import("./commands/doctor.ts")), (module) => module.doctor)

const inspectCommand = Command.make(
  "inspect",
  {
    kind: Argument.Literals("kind", ["session", "mitra", "payment"]).pipe(
      Argument.withDescription("What it is")
    ),
    id: Argument.String("id").pipe(Argument.withDescription("Its UUID, as the console and the log show it"))
  },
  ({ id, kind }) =>
    configured(Effect.flatMap(
      Effect.promise(() => import("./commands/inspect.ts")),
      (module) => module.inspect(kind, id)
    ))
).pipe(Command.withDescription("Show a session, a mitra or a payment in readable lines"))

const cli = Command.make("halobestie", {}, () => configured(serve)).pipe(
  Command.withDescription("Halobestie's realtime server. Without a command: serve."),
  Command.withSubcommands([
    command("serve", "Run the server until SIGTERM or Ctrl-C", serve),
    migrate,
    command(
      "seed",
      "Add the first admin, the pricing tiers and, outside production, demo people",
      Effect.flatMap(database, (module) => module.seed)
    ),
    rewrap,
    auditVerify,
    staffCall,
    settings,
    command("doctor", "Check what the server depends on: one line each", doctor),
    inspectCommand,
    checkConfigCommand
  ])
)

const runsUntilStopped = (process.argv[2] ?? "serve") === "serve"

// A server in production logs lines for machines: how it ended is one of them.
runCommandLine(cli, {
  asLine: process.env["NODE_ENV"] === "production" && runsUntilStopped,
  runsUntilStopped
})
