// The simulator's command line, `npm run simulate`: one run, a farm of seeds, planted mutants, or a scenario.
// Not part of the server: production has neither this folder nor what it needs.
// First: schemas that are used after it decode and encode by code made for them, where the platform allows.
import "effect/schema/SchemaJITCompiler/enable"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { Command, Flag } from "effect/cli"
import { runCommandLine } from "../src/commands/command-line.ts"
import { SimulationProblem } from "./command/simulation-problem.ts"

const whole = (name: string, otherwise: number, description: string) =>
  Flag.Int(name).pipe(Flag.withDescription(description), Flag.withDefault(otherwise))

const simulate = Command.make(
  "simulate",
  {
    seed: Flag.String("seed").pipe(
      Flag.withDescription("What decides everything; the first of --seeds"),
      Flag.withDefault("1")
    ),
    seeds: Flag.Int("seeds").pipe(Flag.withDescription("Run so many seeds, on all cores"), Flag.optional),
    jobs: Flag.Int("jobs").pipe(Flag.withDescription("How many runs at a time"), Flag.optional),
    hours: Flag.Finite("hours").pipe(
      Flag.withDescription("Hours of business to simulate"),
      Flag.withDefault(1)
    ),
    mitras: whole("mitras", 5, "How many mitras there are"),
    customers: whole("customers", 15, "How many customers there are"),
    runners: Flag.Int("runners").pipe(
      Flag.withDescription("How many runners, 1 to 5; a farm draws them unless they are given"),
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
      Flag.withDescription("A key of the workload, as name=value; see simulator/clients/workload.ts"),
      Flag.withDefault({})
    ),
    faultRate: Flag.Finite("fault-rate").pipe(
      Flag.withAlias("oftener"),
      Flag.withDescription("Runners and stores fail so many times as often"),
      Flag.withDefault(1)
    ),
    pace: Flag.Literals("pace", ["fitting", "production"]).pipe(
      Flag.withDescription("How often the server's background work runs: as fits the faults, or as shipped"),
      Flag.withDefault("fitting")
    ),
    mutant: Flag.String("mutant").pipe(
      Flag.withAlias("canary"),
      Flag.withDescription("Plant one bug by name; with --mutants, run only this one"),
      Flag.optional
    ),
    mutants: Flag.Boolean("mutants").pipe(
      Flag.withAlias("canaries"),
      Flag.withDescription("Plant every known bug and see each of them caught"),
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
      const { simulateCommand } = yield* Effect.promise(() => import("./command/simulate.ts"))
      const isSound = yield* Effect.tryPromise({
        try: () =>
          simulateCommand({
            ...flags,
            seeds: Option.getOrNull(flags.seeds),
            jobs: Option.getOrNull(flags.jobs),
            runners: Option.getOrNull(flags.runners),
            mutant: Option.getOrNull(flags.mutant),
            scenario: Option.getOrNull(flags.scenario),
            html: Option.getOrNull(flags.html)
          }),
        catch: (error) =>
          new SimulationProblem({ message: error instanceof Error ? error.message : String(error) })
      })
      if (!isSound) return yield* new SimulationProblem({ message: "Not everything held; see above." })
    })
).pipe(
  Command.withDescription("Run the whole service in virtual time: one seed, a farm, mutants, or a scenario")
)

runCommandLine(simulate)
