// A day in small, at a load that everybody can carry: what it costs, and how long people wait meanwhile.
import { durable, newTag } from "./message.ts"
import { connected, onlineMitras, runningChats } from "./people-there.ts"
import { figure, idsOf, type Scenario } from "./scenario.ts"
import { socketUrl } from "../world.ts"

const spareMitras = 2
const wanderersMax = 20
const share = { reconnects: 1 / 40, beacons: 1 / 10 }

export const mixedDay: Scenario = {
  name: "mixed-day",
  prepare: async (world, size) => {
    const { chats } = await runningChats(world, size)
    const mitras = idsOf(await onlineMitras(world, spareMitras))
    const wanderers = idsOf(await connected(world, "customer", Math.min(wanderersMax, size.phones)))
    const { accepts, day_rate: rate, seconds } = size
    return async () => {
      const customers = idsOf(await connected(world, "customer", accepts))
      const tag = newTag()
      const { costs, value } = await world.costing(() =>
        world.load.ask("mixed_day", {
          messages: { chats, tag, pace: { in_flight: null, rate, seconds }, receipts: true, typing: true },
          to: world.to,
          url: socketUrl(world),
          port: world.ports[0] ?? 0,
          wanderers,
          customers,
          mitras,
          reconnects_per_second: rate * share.reconnects,
          beacons_per_second: rate * share.beacons
        })
      )
      const { acknowledged, delivered, doubled, sent } = value
      const { ids, rows } = await durable(world, tag)
      return {
        figures: [
          figure(`CPU of the day at ${rate} messages/s`, "cores", costs.total_ms / 1000 / seconds),
          figure("... of it the server", "cores", costs.server_ms / 1000 / seconds),
          figure("ack p50", "ms", value.ack.p50),
          figure("ack p99", "ms", value.ack.p99),
          figure("arrival p50", "ms", value.arrival.p50)
        ],
        counts: [
          { sent, acknowledged, delivered: delivered + doubled, distinct: delivered, durable: rows, ids },
          value.beacons,
          value.returns
        ],
        strangers: [costs.strangers]
      }
    }
  }
}
