// Crossings around a hand-over: staff give a chat to another mitra while its time runs out.
import type { Customer } from "../people/customer.ts"
import type { Mitra } from "../people/mitra.ts"
import type { Play } from "../run.ts"
import { scenario, type Story } from "../script.ts"

const rowOf = (play: Play, customer: Customer) =>
  play.stage.world.stores.tables.chat_sessions.get(customer.session(play)?.id ?? "")

/** What the paid time was spent on, in seconds, by the reason of each entry. */
const served = (story: Story, customer: Customer, expected: ReadonlyArray<readonly [string, number]>) => {
  const entries = (play: Play) =>
    rowOf(play, customer)?.ledger.entries.map(({ charged_ms, reason }) =>
      [reason, Math.round(charged_ms / 1000)] as const
    ) ?? []
  return story.expect(
    `${customer.name}'s time went to ${JSON.stringify(expected)}`,
    (play) => JSON.stringify(entries(play)) === JSON.stringify(expected),
    entries
  )
}

const holdsNoPlace = (story: Story, ...mitras: ReadonlyArray<Mitra>) => {
  const taken = ({ stage }: Play) =>
    [...stage.world.stores.tables.mitra_slots.values()].map(({ mitra_id }) => mitra_id)
  return story.expect(
    `${mitras.map(({ name }) => name).join(" and ")} hold no place`,
    (play) => mitras.every((mitra) => !taken(play).includes(mitra.app(play).id ?? "")),
    taken
  )
}

const neverHeardOf = (story: Story, mitra: Mitra, customer: Customer) =>
  story.expect(
    `${mitra.name} never heard of ${customer.name}'s chat`,
    (play) => !mitra.app(play).told.sessions.has(customer.session(play)?.id ?? "")
  )

export const rerouteInClosing = scenario(
  "reroute in closing",
  "40 ms before the time is up a chat still changes hands; when it is up, and in the grace, it does not.",
  (story) => {
    const [ayu, bunga, citra] = [story.mitra("ayu"), story.mitra("bunga"), story.mitra("citra")]
    const [sari, dewi] = [story.customer("sari"), story.customer("dewi")]
    const staff = story.staff()
    story.at("0 s", ayu.goesOnline(), bunga.goesOnline(), citra.goesOnline())
    story.at("2 s", sari.pays("chat_5"))
    story.at("8 s", ayu.accepts())
    story.at("20 s", dewi.pays("chat_5"))
    story.at("28 s", citra.accepts())
    story.at("30 s", sari.says("halo"), dewi.says("hai"))

    // Sari's: it commits 40 ms before the end, and bunga has what is left of it.
    story.after("299.95 s", sari.hears("paired"), staff.reroutes(sari, ayu, bunga))
    story.at("309 s", staff.wasAnswered("admin.reroute"))
    story.at("310 s", sari.sees("rerouted"), sari.sees("closing"))
    story.at("310 s", bunga.sees("rerouted"), bunga.sees("closing"), bunga.hasHeard("halo"))
    story.at("310 s", ayu.sees("rerouted"), ayu.seesNo("closing"), ayu.hasHeard("halo"))
    story.at("310 s", served(story, sari, [["paired", 300], ["rerouted", 0]]))
    story.at("310 s", holdsNoPlace(story, ayu, bunga))

    // In the grace there is nothing left to hand over; a goodbye is hers who has the chat.
    story.at("312 s", staff.reroutes(sari, bunga, citra))
    story.at("313 s", staff.wasRefused("admin.reroute", "SESSION_CLOSING"), neverHeardOf(story, citra, sari))
    story.at("314 s", ayu.saysGoodbye("from before"), bunga.saysGoodbye("take care"))
    story.at("315 s", ayu.wasRefused("chat.goodbye", "SESSION_REROUTED"), bunga.wasAnswered("chat.goodbye"))
    story.at("316 s", sari.saysGoodbye())
    story.at("317 s", sari.sees("completed"), bunga.sees("completed"), ayu.seesNo("completed"))

    // Dewi's: the order is sent 10 ms before the end and arrives when the time is up.
    story.after("299.99 s", dewi.hears("paired"), staff.reroutes(dewi, citra, bunga))
    story.at("330 s", staff.wasRefused("admin.reroute", "SESSION_CLOSING"))
    story.at(
      "330 s",
      dewi.sees("closing"),
      dewi.seesNo("rerouted"),
      citra.sees("closing"),
      citra.seesNo("rerouted")
    )
    story.at("330 s", neverHeardOf(story, bunga, dewi), served(story, dewi, [["paired", 300]]))
    story.at("330 s", holdsNoPlace(story, citra, bunga))
    story.at("332 s", dewi.saysGoodbye())
    story.at("334 s", dewi.sees("completed"), citra.sees("completed"))
  }
)
