// The two questions that are asked most: a mitra's heartbeat, and the beacon over plain HTTP.
import type { Pace } from "../load/pace.ts"
import { onlineMitras } from "./people-there.ts"
import { cpuFigures, figure, idsOf, type Outcome, perSecond, type Scenario } from "./scenario.ts"
import type { Costs } from "../accounting.ts"

const mitrasBeating = 400

interface Asked {
  readonly sent: number
  readonly answered: number
  readonly took_ms: number
  readonly ack: { readonly p50: number; readonly p99: number }
}

const outcome = (
  what: string,
  { costs, value }: { readonly value: Asked; readonly costs: Costs }
): Outcome => ({
  figures: [
    figure(`${what}/s`, "", perSecond(value.answered, value.took_ms)),
    figure("answer p50", "ms", value.ack.p50),
    figure("answer p99", "ms", value.ack.p99),
    ...cpuFigures(what, costs, value.answered)
  ],
  counts: [{ sent: value.sent, answered: value.answered }],
  strangers: [costs.strangers]
})

const closed = (in_flight: number, seconds: number): Pace => ({ in_flight, rate: null, seconds })

export const heartbeat: Scenario = {
  name: "heartbeat",
  prepare: async (world, { heartbeats_in_flight, online_max, seconds }) => {
    const ids = idsOf(await onlineMitras(world, Math.min(mitrasBeating, online_max)))
    const pace = closed(heartbeats_in_flight, seconds)
    return async () =>
      outcome("heartbeats", await world.costing(() => world.load.ask("heartbeats", { ids, pace })))
  }
}

export const beacon: Scenario = {
  name: "beacon",
  prepare: async (world, { beacons_in_flight, online_max, seconds }) => {
    await onlineMitras(world, Math.min(mitrasBeating, online_max))
    const [port = 0] = world.ports
    const pace = closed(beacons_in_flight, seconds)
    return async () =>
      outcome("beacon reads", await world.costing(() => world.load.ask("beacons", { port, pace })))
  }
}
