// Runners that die, freeze, lose their network, stop for a deploy, or have a wrong clock.
import type { Prng } from "../kernel/prng.ts"
import type { Runner } from "../world.ts"
import { type Fault, type FaultContext, type FaultKind, minutes } from "./fault.ts"

const running = ({ run }: FaultContext): ReadonlyArray<Runner> =>
  run.world.runners.filter(({ doors, process }) => doors !== null && process.state === "running")

export const oneOf = (context: FaultContext, prng: Prng): Runner | null => {
  const there = running(context)
  return there.length === 0 ? null : prng.pick(there)
}

const restart = ({ run }: FaultContext, runner: Runner): void => {
  if (runner.process.state === "dead") run.world.startRunner(runner)
}

export const killed: FaultKind = {
  name: "kill",
  says: "a runner is killed and started again after a while",
  every_ms: minutes(40),
  shakesTheCluster: true,
  strike: (context, prng) => {
    const runner = oneOf(context, prng)
    if (runner === null) return null
    context.run.world.killRunner(runner)
    return {
      text: `${runner.name} is killed`,
      runner: runner.name,
      lasts_ms: prng.between(500, 45_000),
      undo: () => restart(context, runner)
    }
  }
}

export const frozen: FaultKind = {
  name: "freeze",
  says: "a runner stands still and then goes on as if nothing had happened",
  every_ms: minutes(45),
  shakesTheCluster: true,
  strike: (context, prng) => {
    const runner = oneOf(context, prng)
    if (runner === null) return null
    const { process } = runner
    process.freeze()
    return {
      text: `${runner.name} is frozen`,
      runner: runner.name,
      lasts_ms: prng.between(1_000, 40_000),
      undo: () => process.wake()
    }
  }
}

export const partitioned: FaultKind = {
  name: "partition",
  says: "a runner loses the others, the database, or both",
  every_ms: minutes(50),
  shakesTheCluster: true,
  strike: (context, prng) => {
    const runner = oneOf(context, prng)
    if (runner === null) return null
    const { network, stores } = context.run.world
    const { name, process } = runner
    const from = prng.pick(["the other runners", "the database", "everything behind it"] as const)
    if (from !== "the database") network.partition(name)
    if (from !== "the other runners") {
      stores.postgres.cutOff(process)
      for (const channel of stores.channels) channel.disconnect(process)
    }
    return {
      text: `${name} is cut off from ${from}`,
      runner: name,
      lasts_ms: prng.between(500, 30_000),
      undo: () => {
        network.heal(name)
        stores.postgres.reconnect(process)
      }
    }
  }
}

/** One after the other, as a deploy does it; the last one is back before the fault is over. */
const deploy = (context: FaultContext, prng: Prng): Fault => {
  const { world } = context.run
  const pauseMs = prng.between(500, 8_000)
  const version = world.nextVersion
  const next = (index: number): void => {
    const runner = world.runners[index]
    if (runner === undefined) return
    const goOn = () => world.time.after(pauseMs, world.outside, () => next(index + 1))
    if (runner.doors === null || runner.process.state !== "running") return void goOn()
    world.stopRunner(runner, () => {
      runner.version = version
      world.startRunner(runner)
      goOn()
    })
  }
  next(0)
  return {
    text: version === "this" ? "a rolling restart begins" : "a rolling restart to the version before begins",
    lasts_ms: minutes(2),
    undo: () => {
      for (const runner of world.runners) restart(context, runner)
    }
  }
}

export const rollingRestart: FaultKind = {
  name: "deploy",
  says: "all runners are restarted one after the other, with SIGTERM, perhaps to another version",
  every_ms: minutes(90),
  shakesTheCluster: true,
  strike: deploy
}

export const skewed: FaultKind = {
  name: "skew",
  says: "a runner's clock is wrong by up to two seconds, and is set while it runs",
  every_ms: minutes(25),
  shakesTheCluster: false,
  strike: (context, prng) => {
    const runner = oneOf(context, prng)
    if (runner === null) return null
    const { skew } = runner
    skew.ms = prng.integer(-2_000, 2_000)
    return {
      text: `the clock of ${runner.name} is ${skew.ms} ms off`,
      runner: runner.name,
      lasts_ms: minutes(prng.between(1, 15)),
      undo: () => {
        skew.ms = 0
      }
    }
  }
}
