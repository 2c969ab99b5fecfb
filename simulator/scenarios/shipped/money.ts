// Crossings around money: webhooks in any order, and time that is bought while it runs out.
import type { ScenarioRun } from "../run.ts"
import { scenario, type Script } from "../script.ts"

/** Ayu and Sari in a chat of five minutes that began at about 8 s. */
const inAChat = (script: Script) => {
  const ayu = script.mitra("ayu")
  const sari = script.customer("sari")
  script.at("0 s", ayu.goesOnline())
  script.at("2 s", sari.pays("chat_5"))
  script.at("8 s", ayu.accepts())
  return { ayu, sari }
}

const paymentsOf = ({ context }: ScenarioRun) => [...context.world.stores.tables.payment_requests.values()]
const statuses = (run: ScenarioRun) => paymentsOf(run).map(({ status }) => status)
const charges = ({ context }: ScenarioRun) => context.world.stores.tables.transactions.size

/** Every row of money ended like this, with so many charges. */
const money = (script: Script, expected: ReadonlyArray<string>, charged: number) =>
  script.expect(
    `payments are ${JSON.stringify(expected)} with ${charged} charges`,
    (run) => JSON.stringify(statuses(run)) === JSON.stringify(expected) && charges(run) === charged,
    (run) => ({ payments: statuses(run), charges: charges(run) })
  )

export const webhookTwice = scenario(
  "the webhook comes twice, and once more after a restart",
  "Money moves once, whatever the number of deliveries.",
  (script) => {
    const { sari } = inAChat(script)
    const repeats = (share: number) => ({
      text: `the provider repeats ${share * 100} % of its webhooks`,
      execute: ({ context }: ScenarioRun) => void Object.assign(context.provider.faults, { repeat: share })
    })
    script.at("1 s", repeats(1))
    script.at("40 s", script.runner(1).isKilled())
    script.at("45 s", script.runner(1).starts())
    script.at("150 s", repeats(0))
    script.at("400 s", sari.sees("closing"))
    script.at("800 s", sari.sees("completed"), money(script, ["consumed"], 1))
  }
)

export const webhookFirst = scenario(
  "the webhook comes before the payment row is visible",
  "A provider quicker than our commit hears 'ignored'; its repetition still ends in a chat.",
  (script) => {
    const ayu = script.mitra("ayu")
    const sari = script.customer("sari")
    script.at("0 s", ayu.goesOnline())
    // The row is written while Postgres stands still; the order is known to the provider before.
    script.at("2 s", script.postgres.goesDown(), sari.orders("chat_5"))
    script.at("4 s", script.postgres.comesUp())
    script.when(
      { text: "the order is answered", holds: () => sari.payment !== null },
      sari.paysAtTheCheckout()
    )
    script.at("40 s", ayu.accepts())
    script.at("42 s", sari.sees("paired"), money(script, ["consumed"], 1))
  }
)

export const extensionGranted = scenario(
  "an extension pauses the clock and is charged with the yes",
  "Paid, paused, granted: the paid time is longer by exactly what was bought.",
  (script) => {
    const { ayu, sari } = inAChat(script)
    script.at("60 s", sari.asksForMoreTime("chat_5"))
    script.at("62 s", sari.paysAtTheCheckout())
    script.after("3 s", ayu.hears("extension_requested"), money(script, ["consumed", "confirmed"], 1))
    script.after("4 s", ayu.hears("extension_requested"), ayu.answersTheExtension(true))
    script.at("90 s", sari.sees("session_resumed"), money(script, ["consumed", "consumed"], 2))
    script.at("500 s", sari.seesNo("closing"))
    script.at("640 s", sari.sees("closing"))
    script.at("1000 s", sari.sees("completed"))
  }
)

export const extensionAtExpiry = scenario(
  "an extension is paid in the second of expiry",
  "One defined result: too late for the chat is a recorded failure, never lost money.",
  (script) => {
    const { sari } = inAChat(script)
    script.at("280 s", sari.asksForMoreTime("chat_5"))
    script.when(sari.hears("closing"), sari.paysAtTheCheckout())
    script.at("330 s", sari.sees("closing"), sari.seesNo("extension_requested"))
    script.at("330 s", money(script, ["consumed", "failed_pairing"], 1))
  }
)

export const extensionDuringDrain = scenario(
  "an extension is paid while the runner drains",
  "The owner is told to stop in the moment the money comes; another runner asks the mitra.",
  (script) => {
    script.with({ runners: 2 })
    const { ayu, sari } = inAChat(script)
    script.at("60 s", sari.asksForMoreTime("chat_5"))
    script.at("62 s", sari.paysAtTheCheckout(), script.runner(1).isStopped())
    script.at("75 s", script.runner(1).starts())
    script.after("2 s", ayu.hears("extension_requested"), ayu.answersTheExtension(true))
    script.at("140 s", sari.sees("session_resumed"), money(script, ["consumed", "consumed"], 2))
  }
)

export const rejectedExtension = scenario(
  "an extension is refused",
  "She says no: the chat closes, nothing is charged for it, and staff see the money.",
  (script) => {
    const { ayu, sari } = inAChat(script)
    script.at("60 s", sari.asksForMoreTime("chat_12"))
    script.at("62 s", sari.paysAtTheCheckout())
    script.after("2 s", ayu.hears("extension_requested"), ayu.answersTheExtension(false))
    script.at("90 s", sari.sees("closing"), money(script, ["consumed", "failed_pairing"], 1))
  }
)
