// Crossings around a hand-over: staff give a chat to another mitra while its time runs out, or while it
// stands because its mitra was deactivated.
import type { Customer } from "../people/customer.ts"
import type { Mitra } from "../people/mitra.ts"
import type { ScenarioRun } from "../run.ts"
import { scenario, type Script } from "../script.ts"

const rowOf = (run: ScenarioRun, customer: Customer) =>
  run.context.world.stores.tables.chat_sessions.get(customer.session(run)?.id ?? "")

/** What the paid time was spent on, in seconds, by the reason of each entry. */
const served = (script: Script, customer: Customer, expected: ReadonlyArray<readonly [string, number]>) => {
  const entries = (run: ScenarioRun) =>
    rowOf(run, customer)?.ledger.entries.map(({ charged_ms, reason }) =>
      [reason, Math.round(charged_ms / 1000)] as const
    ) ?? []
  return script.expect(
    `${customer.name}'s time went to ${JSON.stringify(expected)}`,
    (run) => JSON.stringify(entries(run)) === JSON.stringify(expected),
    entries
  )
}

const holdsNoPlace = (script: Script, ...mitras: ReadonlyArray<Mitra>) => {
  const taken = ({ context }: ScenarioRun) =>
    [...context.world.stores.tables.mitra_slots.values()].map(({ mitra_id }) => mitra_id)
  return script.expect(
    `${mitras.map(({ name }) => name).join(" and ")} hold no place`,
    (run) => mitras.every((mitra) => !taken(run).includes(mitra.app(run).id ?? "")),
    taken
  )
}

const neverHeardOf = (script: Script, mitra: Mitra, customer: Customer) =>
  script.expect(
    `${mitra.name} never heard of ${customer.name}'s chat`,
    (run) => !mitra.app(run).clientState.sessions.has(customer.session(run)?.id ?? "")
  )

/** Sari in a chat with ayu from 8 s on, Dewi with citra from 28 s on, and bunga free. */
const twoChats = (script: Script) => {
  const [ayu, bunga, citra] = [script.mitra("ayu"), script.mitra("bunga"), script.mitra("citra")]
  const [sari, dewi] = [script.customer("sari"), script.customer("dewi")]
  const staff = script.staff()
  script.at("0 s", ayu.goesOnline(), bunga.goesOnline(), citra.goesOnline())
  script.at("2 s", sari.pays("chat_5"))
  script.at("8 s", ayu.accepts())
  script.at("20 s", dewi.pays("chat_5"))
  script.at("28 s", citra.accepts())
  return { ayu, bunga, citra, sari, dewi, staff }
}

export const rerouteInClosing = scenario(
  "reroute in closing",
  "40 ms before the time is up a chat still changes hands; when it is up, and in the grace, it does not.",
  (script) => {
    const { ayu, bunga, citra, dewi, sari, staff } = twoChats(script)
    script.at("30 s", sari.says("halo"), dewi.says("hai"))

    script.at("290 s", staff.provesAgain())
    // Sari's: it commits 40 ms before the end, and bunga has what is left of it.
    script.after("299.95 s", sari.hears("paired"), staff.reroutes(sari, ayu, bunga))
    script.at("309 s", staff.wasAnswered("admin.reroute"))
    script.at("310 s", sari.sees("rerouted"), sari.sees("closing"))
    script.at("310 s", bunga.sees("rerouted"), bunga.sees("closing"), bunga.heardExactly("halo"))
    script.at("310 s", ayu.sees("rerouted"), ayu.seesNo("closing"), ayu.heardExactly("halo"))
    script.at("310 s", served(script, sari, [["paired", 300], ["rerouted", 0]]))
    script.at("310 s", holdsNoPlace(script, ayu, bunga))

    // In the grace there is nothing left to hand over; a goodbye is hers who has the chat.
    script.at("312 s", staff.reroutes(sari, bunga, citra))
    script.at(
      "313 s",
      staff.wasRefused("admin.reroute", "SESSION_CLOSING"),
      neverHeardOf(script, citra, sari)
    )
    script.at("314 s", ayu.saysGoodbye("from before"), bunga.saysGoodbye("take care"))
    script.at("315 s", ayu.wasRefused("chat.goodbye", "SESSION_REROUTED"), bunga.wasAnswered("chat.goodbye"))
    script.at("316 s", sari.saysGoodbye())
    script.at("317 s", sari.sees("completed"), bunga.sees("completed"), ayu.seesNo("completed"))

    // Dewi's: the order is sent 10 ms before the end and arrives when the time is up.
    script.after("299.99 s", dewi.hears("paired"), staff.reroutes(dewi, citra, bunga))
    script.at("330 s", staff.wasRefused("admin.reroute", "SESSION_CLOSING"))
    script.at(
      "330 s",
      dewi.sees("closing"),
      dewi.seesNo("rerouted"),
      citra.sees("closing"),
      citra.seesNo("rerouted")
    )
    script.at("330 s", neverHeardOf(script, bunga, dewi), served(script, dewi, [["paired", 300]]))
    script.at("330 s", holdsNoPlace(script, citra, bunga))
    script.at("332 s", dewi.saysGoodbye())
    script.at("334 s", dewi.sees("completed"), citra.sees("completed"))
  }
)

export const deactivationDuringChat = scenario(
  "deactivation during a chat",
  "The time of such a chat stands: another mitra has all that was left, or it closes and the rest is owed.",
  (script) => {
    const { ayu, bunga, citra, dewi, sari, staff } = twoChats(script)
    script.at("60 s", staff.deactivates(ayu), staff.deactivates(citra))
    script.at("62 s", ayu.isNotConnected(), sari.says("still there?"))

    script.at("120 s", staff.reroutes(sari, ayu, bunga))
    script.at("122 s", staff.wasAnswered("admin.reroute"), bunga.heardExactly("still there?"))
    script.at("366 s", sari.seesNo("closing"))
    script.at("372 s", sari.sees("closing"), bunga.sees("closing"))
    script.at("372 s", served(script, sari, [["paired", 53], ["mitra_deactivated", 0], ["rerouted", 247]]))

    script.at("658 s", dewi.seesNo("closing"))
    script.at("664 s", dewi.sees("closing"))
    const stood = [["mitra_deactivated", 0], ["mitra_deactivated", 267]] as const
    script.at("664 s", served(script, dewi, [["paired", 33], ...stood]), holdsNoPlace(script, ayu, citra))
    script.at("666 s", sari.saysGoodbye(), dewi.saysGoodbye())
    script.at("668 s", dewi.sees("completed"))
  }
)
