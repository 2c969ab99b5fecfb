// Faults of what the runners share: the database, and the channels that carry the bus.
import type { World } from "../world.ts"
import { type FaultKind, minutes } from "./fault.ts"

const dropSessions = ({ stores }: World): void => {
  stores.leases.disconnectAll()
  for (const channel of stores.channels) channel.disconnect()
}

export const slowDatabase: FaultKind = {
  name: "slow-postgres",
  says: "every statement takes up to two seconds longer",
  every_ms: minutes(40),
  shakesTheCluster: true,
  strike: ({ run }, prng) => {
    const { postgres } = run.world.stores
    const ms = prng.between(20, 1_000)
    postgres.slowBy(ms)
    return {
      text: `Postgres answers ${Math.round(2 * ms)} ms late`,
      lasts_ms: prng.between(2_000, 60_000),
      undo: () => postgres.slowBy(0)
    }
  }
}

export const stalledDatabase: FaultKind = {
  name: "stall-postgres",
  says: "the database stands still, then does all that was asked meanwhile",
  every_ms: minutes(60),
  shakesTheCluster: true,
  strike: ({ run }, prng) => {
    const { process } = run.world.stores.postgres
    process.freeze()
    return { text: "Postgres stands still", lasts_ms: prng.between(500, 15_000), undo: () => process.wake() }
  }
}

export const restartedDatabase: FaultKind = {
  name: "restart-postgres",
  says: "the database restarts: answers on the way are lost, locks and listeners are gone",
  every_ms: minutes(60),
  shakesTheCluster: true,
  strike: ({ run }, prng) => {
    const { postgres } = run.world.stores
    postgres.goDown()
    dropSessions(run.world)
    return { text: "Postgres restarts", lasts_ms: prng.between(100, 20_000), undo: () => postgres.comeUp() }
  }
}

export const lostAnswers: FaultKind = {
  name: "lost-answers",
  says: "connections to the database die after the statement, before its answer",
  every_ms: minutes(30),
  shakesTheCluster: true,
  strike: ({ run }, prng) => {
    const { postgres } = run.world.stores
    postgres.loseAnswers(prng.between(0.02, 0.4))
    return {
      text: "connections to Postgres die after their statement",
      lasts_ms: prng.between(1_000, 20_000),
      undo: () => postgres.loseAnswers(0)
    }
  }
}

export const faultyBus: FaultKind = {
  name: "bus",
  says: "notices between runners are lost, doubled or late",
  every_ms: minutes(30),
  shakesTheCluster: true,
  strike: ({ run }, prng) => {
    const { channels } = run.world.stores
    for (const { faults } of channels) {
      faults.lose = prng.chance(0.7) ? prng.between(0.05, 0.6) : 0
      faults.double = prng.chance(0.5) ? prng.between(0.05, 0.5) : 0
      faults.delay_ms = prng.chance(0.5) ? prng.between(50, 4_000) : 0
    }
    return {
      text: "the bus loses, doubles and delays notices",
      lasts_ms: prng.between(5_000, 120_000),
      undo: () => {
        for (const { faults } of channels) Object.assign(faults, { lose: 0, double: 0, delay_ms: 0 })
      }
    }
  }
}
