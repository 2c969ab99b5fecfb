// Phones that connect: what one costs that only stays connected, how many are taken in per second, and how
// long a restarted server needs to have everybody back.
import { connected, runningChats } from "./people-there.ts"
import { cpuFigures, figure, idsOf, perSecond, type Scenario } from "./scenario.ts"
import { socketUrl } from "../world.ts"

/** So that what grows once, with the first phones, is not divided among the later ones. */
const warmUpShare = 0.1
const settleMs = 2_000
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

export const idle: Scenario = {
  name: "idle",
  prepare: async (world, { phones, seconds }) => async () => {
    await world.restart()
    const first = await connected(world, "customer", Math.ceil(phones * warmUpShare))
    await world.load.ask("hang_up", idsOf(first))
    // The garbage of what came before is no phone's; nobody can collect it from outside.
    await pause(Math.min(settleMs, seconds * 1000))
    const before = world.memoryKiB()
    const people = await connected(world, "customer", phones)
    await pause(Math.min(settleMs, seconds * 1000))
    const each = (world.memoryKiB() - before) / phones
    const { costs } = await world.costing(() => pause(seconds * 1000))
    await world.load.ask("hang_up", idsOf(people))
    return {
      figures: [
        figure("memory a phone, stream open", "KiB", each),
        figure("CPU of 1,000 idle phones", "ms/s", costs.total_ms / seconds / phones * 1000)
      ],
      counts: [{ phones, connected: people.length }],
      strangers: [costs.strangers]
    }
  }
}

export const connectStorm: Scenario = {
  name: "connect-storm",
  prepare: async (world, { at_once, phones }) => {
    const people = await world.people("customer", phones)
    return async () => {
      const { costs, value } = await world.costing(() =>
        world.load.ask("connect", { people, url: socketUrl(world), at_once })
      )
      await world.load.ask("hang_up", idsOf(people))
      return {
        figures: [
          figure(
            `phones/s connected and subscribed, ${at_once} at once`,
            "",
            perSecond(value.open, value.took_ms)
          ),
          figure("until one is, p50", "ms", value.wait.p50),
          ...cpuFigures("phones", costs, value.open)
        ],
        counts: [{ phones, tries: value.tries, subscribed: value.open }],
        strangers: [costs.strangers]
      }
    }
  }
}

/** Chats run and others wait; the server stops as for an update and is started again; all come at once. */
export const reconnectStorm: Scenario = {
  name: "reconnect-storm",
  prepare: async (world, size) => {
    const { customers, mitras } = await runningChats(world, size)
    const talking = customers.length + mitras.length
    const others = await connected(world, "customer", Math.max(0, size.phones - talking))
    const everybody = [...customers, ...mitras, ...others]
    return async () => {
      const readyAfter = await world.restart()
      const { costs, value } = await world.costing(() =>
        world.load.ask("connect", { people: everybody, url: socketUrl(world), at_once: size.at_once })
      )
      return {
        figures: [
          figure("start until ready", "ms", readyAfter),
          figure("ready until everybody is back", "ms", value.took_ms),
          figure("phones/s", "", perSecond(value.open, value.took_ms)),
          ...cpuFigures("phones", costs, value.open)
        ],
        counts: [{ phones: everybody.length, back: value.open }],
        strangers: [costs.strangers]
      }
    }
  }
}
