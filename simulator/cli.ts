// The simulator's command line, `npm run simulate`: one run, a farm of seeds, planted mutants, or a scenario.
// Not part of the server: production has neither this folder nor what it needs.
// First: schemas that are used after it decode and encode by code made for them, where the platform allows.
import "effect/schema/SchemaJITCompiler/enable"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { Command, Flag } from "effect/cli"
import { runCommandLine } from "../src/commands/command-line.ts"
import { SimulationProblem } from "./command/simulation-problem.ts"

const whole = (name: string, description: string) =>
  Flag.Int(name).pipe(Flag.withDescription(description), Flag.optional)
const isGiven = (name: string, description: string) =>
  Flag.Boolean(name).pipe(Flag.withDescription(description), Flag.withDefault(false))
const file = (name: string, description: string) =>
  Flag.String(name).pipe(Flag.withDescription(description), Flag.optional)

const simulate = Command.make(
  "simulate",
  {
    seed: Flag.String("seed").pipe(
      Flag.withDescription("What decides everything; the first of --seeds"),
      Flag.withDefault("1")
    ),
    seeds: whole("seeds", "Run so many seeds, on all cores"),
    jobs: whole("jobs", "How many runs at a time"),
    hours: Flag.Finite("hours").pipe(
      Flag.withDescription("Hours of business to simulate; 1 unless it is given"),
      Flag.optional
    ),
    mitras: whole("mitras", "How many mitras there are; 5 unless it is given"),
    customers: whole("customers", "How many customers there are; 15 unless it is given"),
    runners: whole("runners", "How many runners, 1 to 5; a farm draws them unless they are given"),
    valkey: isGiven("valkey", "The world has a Valkey"),
    faults: Flag.String("faults").pipe(
      Flag.withDescription("none, swarm (a random part of them, the default), all, or names with commas"),
      Flag.optional
    ),
    set: Flag.KeyValuePair("set").pipe(
      Flag.withDescription("A key of the workload, as name=value; see simulator/clients/workload.ts"),
      Flag.withDefault({})
    ),
    setting: Flag.KeyValuePair("setting").pipe(
      Flag.withDescription("A setting that staff turned before the world begins, as name=value"),
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
    profile: Flag.String("profile").pipe(
      Flag.withAlias("ground"),
      Flag.withDescription(
        "Worlds of a workload profile by name: busy, or a mutant's; see workload-profiles.ts"
      ),
      Flag.optional
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
    scenario: file("scenario", "A shipped scenario by name, a file, all, or list"),
    failing: isGiven("failing", "Run the seeds once more that failed in the last farm"),
    stopAtFirst: isGiven("stop-at-first", "A farm ends with its first red seed"),
    hazards: isGiven("hazards", "Dice of the seed's own: order of ready tasks, small limits, failpoints"),
    measure: isGiven("measure", "What the run costs the processor, and which share of it the rules take"),
    hoursOfFarm: Flag.Finite("hours-of-farm").pipe(
      Flag.withDescription("A farm that learns what is rare, for so many hours; goes on where it stopped"),
      Flag.optional
    ),
    postgres: isGiven("postgres", "The same worlds on a real PostgreSQL: slower, not the same run twice"),
    realValkey: isGiven("real-valkey", "What the world's Valkey is asked, a real one is asked as well"),
    html: file("html", "Write the timeline page here; of a farm, an index and a page for each red seed"),
    trace: file("trace", "Write the run here as a Chrome trace, for ui.perfetto.dev"),
    script: file("script", "Write a red run here as a scenario that can be edited")
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
            hours: Option.getOrNull(flags.hours),
            mitras: Option.getOrNull(flags.mitras),
            customers: Option.getOrNull(flags.customers),
            runners: Option.getOrNull(flags.runners),
            faults: Option.getOrNull(flags.faults),
            profile: Option.getOrNull(flags.profile),
            mutant: Option.getOrNull(flags.mutant),
            scenario: Option.getOrNull(flags.scenario),
            hoursOfFarm: Option.getOrNull(flags.hoursOfFarm),
            html: Option.getOrNull(flags.html),
            trace: Option.getOrNull(flags.trace),
            script: Option.getOrNull(flags.script)
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
