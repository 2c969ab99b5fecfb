// The command line: one process, one command. Problems an operator can solve are one readable message and
// exit code 1, never a stack trace. This is the edge: signals, exit codes and the log format live here.
// First: schemas that are used after it decode and encode by code made for them, where the platform allows.
import "effect/schema/SchemaJITCompiler/enable"
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import * as Cause from "effect/Cause"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as References from "effect/References"
import { Command, Flag } from "effect/cli"
import { explain } from "./commands/explain.ts"
import { SimulationProblem } from "./commands/simulation-problem.ts"
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
  for (const line of describeConfig(yield* ServerConfig)) yield* Console.log(line)
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

const whole = (name: string, otherwise: number, description: string) =>
  Flag.Int(name).pipe(Flag.withDescription(description), Flag.withDefault(otherwise))

const simulate = Command.make(
  "simulate",
  {
    seed: Flag.String("seed").pipe(
      Flag.withDescription("What decides everything; the first of --seeds"),
      Flag.withDefault("1")
    ),
    seeds: Flag.Int("seeds").pipe(Flag.withDescription("Play so many seeds, on all cores"), Flag.optional),
    jobs: Flag.Int("jobs").pipe(Flag.withDescription("How many runs at a time"), Flag.optional),
    hours: Flag.Finite("hours").pipe(
      Flag.withDescription("Hours of business to simulate"),
      Flag.withDefault(1)
    ),
    mitras: whole("mitras", 5, "How many mitras there are"),
    customers: whole("customers", 15, "How many customers there are"),
    runners: Flag.Int("runners").pipe(
      Flag.withDescription("How many runners, 1 to 5; a farm draws them unless it is told"),
      Flag.optional
    ),
    valkey: Flag.Boolean("valkey").pipe(
      Flag.withDescription("The world has a Valkey"),
      Flag.withDefault(false)
    ),
    faults: Flag.String("faults").pipe(
      Flag.withDescription("none, swarm (a random part of them), all, or names with commas"),
      Flag.withDefault("swarm")
    ),
    set: Flag.KeyValuePair("set").pipe(
      Flag.withDescription("A habit, as name=value; see src/simulation/cast/habits.ts"),
      Flag.withDefault({})
    ),
    oftener: Flag.Finite("oftener").pipe(
      Flag.withDescription("Runners and stores fail so many times as often"),
      Flag.withDefault(1)
    ),
    pace: Flag.Literals("pace", ["fitting", "production"]).pipe(
      Flag.withDescription("How often the server's background work beats: as fits the faults, or as shipped"),
      Flag.withDefault("fitting")
    ),
    canary: Flag.String("canary").pipe(
      Flag.withDescription("Plant one bug by name; with --canaries, hunt only this one"),
      Flag.optional
    ),
    canaries: Flag.Boolean("canaries").pipe(
      Flag.withDescription("Plant every known bug and see each one caught"),
      Flag.withDefault(false)
    ),
    scenario: Flag.String("scenario").pipe(
      Flag.withDescription("A shipped scenario by name, a file, all, or list"),
      Flag.optional
    ),
    html: Flag.String("html").pipe(Flag.withDescription("Write the run's timeline page here"), Flag.optional)
  },
  (flags) =>
    Effect.gen(function*() {
      const { simulateCommand } = yield* Effect.promise(() => import("./commands/simulate.ts"))
      const isSound = yield* Effect.tryPromise({
        try: () =>
          simulateCommand({
            ...flags,
            seeds: Option.getOrNull(flags.seeds),
            jobs: Option.getOrNull(flags.jobs),
            runners: Option.getOrNull(flags.runners),
            canary: Option.getOrNull(flags.canary),
            scenario: Option.getOrNull(flags.scenario),
            html: Option.getOrNull(flags.html)
          }),
        catch: (error) =>
          new SimulationProblem({ message: error instanceof Error ? error.message : String(error) })
      })
      if (!isSound) return yield* new SimulationProblem({ message: "Not everything held; see above." })
    })
).pipe(Command.withDescription("Play the whole service in virtual time: one run, a farm, or a scenario"))

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
    simulate,
    command("check-config", "Print the effective configuration with secrets hidden", checkConfig)
  ])
)

/** To the error stream, where a supervisor and a person look first. */
const complain = (cause: Cause.Cause<unknown>) => {
  const words = explain(cause)
  return words === null ? Effect.void : Console.error(words)
}

cli.pipe(
  Command.run({ version: "0.1.0" }),
  Effect.tapCause(complain),
  Effect.provide(NodeServices.layer),
  NodeRuntime.runMain({
    disableErrorReporting: true,
    // Stopping on a signal is what a server is for: it is no failure.
    teardown: (exit, onExit) => onExit(Exit.isSuccess(exit) || Cause.hasInterruptsOnly(exit.cause) ? 0 : 1)
  })
)
