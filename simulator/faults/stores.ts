// Trouble with what the runners share: the database, and the channels that carry the bus.
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
  strike: ({ stage }, dice) => {
    const { postgres } = stage.world.stores
    const ms = dice.between(20, 1_000)
    postgres.slowBy(ms)
    return {
      text: `Postgres answers ${Math.round(2 * ms)} ms late`,
      lasts_ms: dice.between(2_000, 60_000),
      undo: () => postgres.slowBy(0)
    }
  }
}

export const stalledDatabase: FaultKind = {
  name: "stall-postgres",
  says: "the database stands still, then does all that was asked meanwhile",
  every_ms: minutes(60),
  shakesTheCluster: true,
  strike: ({ stage }, dice) => {
    const { process } = stage.world.stores.postgres
    process.freeze()
    return { text: "Postgres stands still", lasts_ms: dice.between(500, 15_000), undo: () => process.wake() }
  }
}

export const restartedDatabase: FaultKind = {
  name: "restart-postgres",
  says: "the database restarts: answers on the way are lost, locks and listeners are gone",
  every_ms: minutes(60),
  shakesTheCluster: true,
  strike: ({ stage }, dice) => {
    const { postgres } = stage.world.stores
    postgres.goDown()
    dropSessions(stage.world)
    return { text: "Postgres restarts", lasts_ms: dice.between(100, 20_000), undo: () => postgres.comeUp() }
  }
}

export const lostAnswers: FaultKind = {
  name: "lost-answers",
  says: "connections to the database die between the deed and the word",
  every_ms: minutes(30),
  shakesTheCluster: true,
  strike: ({ stage }, dice) => {
    const { postgres } = stage.world.stores
    postgres.loseAnswers(dice.between(0.02, 0.4))
    return {
      text: "connections to Postgres die after their statement",
      lasts_ms: dice.between(1_000, 20_000),
      undo: () => postgres.loseAnswers(0)
    }
  }
}

export const troubledBus: FaultKind = {
  name: "bus",
  says: "notices between runners are lost, doubled or late",
  every_ms: minutes(30),
  shakesTheCluster: true,
  strike: ({ stage }, dice) => {
    const { channels } = stage.world.stores
    for (const { faults } of channels) {
      faults.lose = dice.chance(0.7) ? dice.between(0.05, 0.6) : 0
      faults.double = dice.chance(0.5) ? dice.between(0.05, 0.5) : 0
      faults.delay_ms = dice.chance(0.5) ? dice.between(50, 4_000) : 0
    }
    return {
      text: "the bus loses, doubles and delays notices",
      lasts_ms: dice.between(5_000, 120_000),
      undo: () => {
        for (const { faults } of channels) Object.assign(faults, { lose: 0, double: 0, delay_ms: 0 })
      }
    }
  }
}
