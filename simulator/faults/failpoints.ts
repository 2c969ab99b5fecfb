// Lines of the server that a fault may strike (services/manual-clock/failpoints.ts): each pass of one is a
// chance of a delay, a yield or a death, or the n-th pass of a named one fails, or is its runner's last.
import * as Effect from "effect/Effect"
import type { Failpoint, FaultPoint, Step, TurnLine } from "../../src/services/manual-clock/failpoints.ts"
import { Unavailable } from "../../src/services/platform/unavailable.ts"
import type { Prng } from "../kernel/prng.ts"
import type { Runner, World } from "../world.ts"
import { type Fault, type FaultContext, type FaultKind, minutes } from "./fault.ts"

type Line = TurnLine | Step

interface ByChance {
  readonly what: "delay" | "yield" | "die"
  readonly share: number
  readonly prng: Prng
}

interface AtThePass {
  readonly what: "fail" | "die"
  readonly line: Line
  readonly nth: number
  readonly onStruck: (runner: Runner, point: FaultPoint) => void
}

const unavailable = new Unavailable({ what: "postgres", retryable: true })

const lineOf = (point: FaultPoint): string => point.split(":")[0] ?? point

export class ServerFailpoints {
  #byChance: ByChance | null = null
  #atThePass: AtThePass | null = null
  #passed = 0

  armByChance(armed: ByChance | null): void {
    this.#byChance = armed
  }

  /** One at a time: counted on all runners together. */
  armAtThePass(armed: AtThePass | null): void {
    this.#atThePass = armed
    this.#passed = 0
  }

  gateOf(world: World, runner: Runner): Failpoint {
    return {
      pass: (point) =>
        Effect.suspend((): Effect.Effect<void, Unavailable> => {
          const struck = this.#struckBy(point)
          if (struck !== null) {
            struck.onStruck(runner, point)
            return struck.what === "fail" ? Effect.fail(unavailable) : this.#die(world, runner)
          }
          const armed = this.#byChance
          if (armed === null || !armed.prng.chance(armed.share)) return Effect.void
          if (armed.what === "yield") return Effect.yieldNow
          if (armed.what === "delay") return Effect.sleep(armed.prng.between(1, 700))
          // Once: the others must live to take over.
          this.#byChance = null
          return this.#die(world, runner)
        })
    }
  }

  #struckBy(point: FaultPoint): AtThePass | null {
    const armed = this.#atThePass
    if (armed === null || armed.line !== lineOf(point)) return null
    this.#passed += 1
    if (this.#passed < armed.nth) return null
    this.#atThePass = null
    return armed
  }

  #die(world: World, runner: Runner): Effect.Effect<never> {
    const { process } = runner
    world.time.after(0, world.outside, () => {
      if (runner.process === process) world.killRunner(runner)
    })
    return Effect.never
  }
}

const restartTheDead = (world: World): void => {
  for (const runner of world.runners) if (runner.process.state === "dead") world.startRunner(runner)
}

export const failpoints: FaultKind = {
  name: "failpoints",
  says: "turns and payments are held, yield, or die with their runner, between two of their own lines",
  every_ms: minutes(6),
  shakesTheCluster: true,
  strike: ({ run }, prng) => {
    const { world } = run
    const what = prng.pick(["delay", "yield", "die"] as const)
    const share = what === "die" ? prng.between(0.02, 0.5) : prng.between(0.1, 1)
    world.failpoints.armByChance({ what, share, prng })
    return {
      text: `lines of the server ${what === "die" ? "kill their runner" : what}`,
      lasts_ms: prng.between(2_000, 40_000),
      undo: () => {
        world.failpoints.armByChance(null)
        restartTheDead(world)
      }
    }
  }
}

/** Where the server asks a store next, or has just heard from it: there a call may fail. */
const linesThatFail: ReadonlyArray<Line> = [
  "before_commit",
  "after_commit",
  "checkout_opened",
  "payment_created",
  "payment_abandoned",
  "webhook_received",
  "webhook_logged",
  "payment_confirmed",
  "request_opened",
  "extension_refused",
  "webhook_settled"
]
const linesThatKill: ReadonlyArray<Line> = [
  ...linesThatFail,
  "in_commit",
  "after_publish",
  "drain_began",
  "phones_sent_away"
]

/** Turns pass their lines all the time, the others are rare. */
const isOfTurns = (line: Line): boolean => line.endsWith("_commit") || line === "after_publish"

const atThePass = (
  what: AtThePass["what"],
  says: string,
  { note, run: { world } }: FaultContext,
  prng: Prng,
  lines: ReadonlyArray<Line>
): Fault => {
  const line = prng.pick(lines)
  const nth = prng.integer(1, isOfTurns(line) ? 40 : 3)
  world.failpoints.armAtThePass({
    what,
    line,
    nth,
    onStruck: ({ name }, point) => note(`${name} ${says} at ${point}, pass ${nth} of ${line}`, name)
  })
  return {
    text: `whoever is the ${nth}. to pass ${line} ${says}`,
    lasts_ms: prng.between(5_000, 60_000),
    undo: () => {
      world.failpoints.armAtThePass(null)
      restartTheDead(world)
    }
  }
}

export const failsAtThePass: FaultKind = {
  name: "fail-once",
  says: "what stands between two lines of the server fails once, at the n-th pass of a named one",
  every_ms: minutes(5),
  shakesTheCluster: true,
  strike: (context, prng) => atThePass("fail", "fails once", context, prng, linesThatFail)
}

export const diesAtThePass: FaultKind = {
  name: "die-at",
  says: "a runner dies at the n-th pass of a named line: around a commit, in a group, in a drain",
  every_ms: minutes(5),
  shakesTheCluster: true,
  strike: (context, prng) => atThePass("die", "dies", context, prng, linesThatKill)
}

/** By name, or in worlds with hazards: one more kind in the menu would be another run for every seed. */
export const failpointFaults: ReadonlyArray<FaultKind> = [failpoints, failsAtThePass, diesAtThePass]
