// Requests: until the last of the asked mitras has the offer on her screen, by how many are asked of how many
// online; and from an accept until both know.
import { connected, onlineMitras } from "./people-there.ts"
import { median } from "../../measuring.ts"
import { figure, idsOf, type Scenario } from "./scenario.ts"

/** `asked` of `online`; each request is cancelled before the next, which is part of what it costs. */
const blast = (asked: number, online: number, optional = false): Scenario => ({
  name: `blast-${asked}-of-${online}`,
  optional,
  wave: asked === online ? 0 : asked,
  prepare: async (world, size) => {
    const mitras = idsOf(await onlineMitras(world, Math.min(online, size.online_max)))
    const expected = Math.min(asked, mitras.length)
    return async () => {
      const customers = idsOf(await connected(world, "customer", size.blasts))
      const { costs, value } = await world.costing(() =>
        world.load.ask("blasts", { to: world.to, customers, mitras, expected })
      )
      const { chat_of_offer, offers } = world.contender.tables
      const [rows] = await world.sql<Array<{ count: number }>>`SELECT count(*)::int AS count
        FROM ${world.sql(offers)} WHERE ${world.sql(chat_of_offer)} = ANY(${
        value.map(({ chat }) => chat)
      }::uuid[])`
      return {
        figures: [
          figure("last offer on screen, p50", "ms", median(value.map(({ last_ms }) => last_ms))),
          figure("slowest", "ms", Math.max(...value.map(({ last_ms }) => last_ms))),
          figure("CPU per request, cancelled again", "ms", costs.total_ms / value.length),
          figure("... of it the server", "ms", costs.server_ms / value.length)
        ],
        counts: [{
          asked: expected * size.blasts,
          arrived: expected * value.length,
          durable: rows?.count ?? 0
        }],
        strangers: [costs.strangers]
      }
    }
  }
})

export const blasts: ReadonlyArray<Scenario> = [
  blast(20, 20),
  blast(20, 1_000),
  blast(200, 200),
  blast(20, 10_000, true)
]

const mitrasAsked = 4

export const accept: Scenario = {
  name: "accept",
  prepare: async (world, { accepts }) => {
    const mitras = idsOf(await onlineMitras(world, mitrasAsked))
    return async () => {
      const customers = idsOf(await connected(world, "customer", accepts))
      const { costs, value } = await world.costing(() =>
        world.load.ask("accepts", { to: world.to, customers, mitras })
      )
      const [rows] = await world.sql<Array<{ count: number }>>`SELECT count(*)::int AS count
        FROM ${world.sql(world.contender.tables.chats)}
        WHERE id = ANY(${value.map(({ chat }) => chat)}::uuid[]) AND mitra_id IS NOT NULL`
      return {
        figures: [
          figure("accept until both know, p50", "ms", median(value.map(({ paired_ms }) => paired_ms))),
          figure("slowest", "ms", Math.max(...value.map(({ paired_ms }) => paired_ms))),
          figure("CPU per request, accepted and ended", "ms", costs.total_ms / value.length),
          figure("... of it the server", "ms", costs.server_ms / value.length)
        ],
        counts: [{ accepts, paired: value.length, durable: rows?.count ?? 0 }],
        strangers: [costs.strangers]
      }
    }
  }
}
