// Crossings around money: webhooks in any order, and time that is bought while it runs out.
import type { Play } from "../run.ts"
import { scenario, type Story } from "../script.ts"

/** Ayu and Sari in a chat of five minutes that began at about 8 s. */
const inAChat = (story: Story) => {
  const ayu = story.mitra("ayu")
  const sari = story.customer("sari")
  story.at("0 s", ayu.goesOnline())
  story.at("2 s", sari.pays("chat_5"))
  story.at("8 s", ayu.accepts())
  return { ayu, sari }
}

const paymentsOf = ({ stage }: Play) => [...stage.world.stores.tables.payment_requests.values()]
const statuses = (play: Play) => paymentsOf(play).map(({ status }) => status)
const charges = ({ stage }: Play) => stage.world.stores.tables.transactions.size

/** Every row of money ended like this, with so many charges. */
const money = (story: Story, expected: ReadonlyArray<string>, charged: number) =>
  story.expect(
    `payments are ${JSON.stringify(expected)} with ${charged} charges`,
    (play) => JSON.stringify(statuses(play)) === JSON.stringify(expected) && charges(play) === charged,
    (play) => ({ payments: statuses(play), charges: charges(play) })
  )

export const webhookTwice = scenario(
  "the webhook comes twice, and once more after a restart",
  "Money moves once, whatever the number of deliveries.",
  (story) => {
    const { sari } = inAChat(story)
    const repeats = (share: number) => ({
      text: `the provider repeats ${share * 100} % of its webhooks`,
      run: ({ stage }: Play) => void Object.assign(stage.provider.faults, { repeat: share })
    })
    story.at("1 s", repeats(1))
    story.at("40 s", story.runner(1).isKilled())
    story.at("45 s", story.runner(1).starts())
    story.at("150 s", repeats(0))
    story.at("400 s", sari.sees("closing"))
    story.at("800 s", sari.sees("completed"), money(story, ["consumed"], 1))
  }
)

export const webhookFirst = scenario(
  "the webhook comes before the payment row is visible",
  "A provider quicker than our commit hears 'ignored'; its repetition still ends in a chat.",
  (story) => {
    const ayu = story.mitra("ayu")
    const sari = story.customer("sari")
    story.at("0 s", ayu.goesOnline())
    // The row is written while Postgres stands still; the order is known to the provider before.
    story.at("2 s", story.postgres.goesDown(), sari.orders("chat_5"))
    story.at("4 s", story.postgres.comesUp())
    story.when(
      { text: "the order is answered", holds: () => sari.payment !== null },
      sari.paysAtTheCheckout()
    )
    story.at("40 s", ayu.accepts())
    story.at("42 s", sari.sees("paired"), money(story, ["consumed"], 1))
  }
)

export const extensionGranted = scenario(
  "an extension pauses the clock and is charged with the yes",
  "Paid, paused, granted: the paid time is longer by exactly what was bought.",
  (story) => {
    const { ayu, sari } = inAChat(story)
    story.at("60 s", sari.asksForMoreTime("chat_5"))
    story.at("62 s", sari.paysAtTheCheckout())
    story.after("3 s", ayu.hears("extension_requested"), money(story, ["consumed", "confirmed"], 1))
    story.after("4 s", ayu.hears("extension_requested"), ayu.answersTheExtension(true))
    story.at("90 s", sari.sees("session_resumed"), money(story, ["consumed", "consumed"], 2))
    story.at("500 s", sari.seesNo("closing"))
    story.at("640 s", sari.sees("closing"))
    story.at("1000 s", sari.sees("completed"))
  }
)

export const extensionAtExpiry = scenario(
  "an extension is paid in the second of expiry",
  "One defined result: too late for the chat is a recorded failure, never lost money.",
  (story) => {
    const { sari } = inAChat(story)
    story.at("280 s", sari.asksForMoreTime("chat_5"))
    story.when(sari.hears("closing"), sari.paysAtTheCheckout())
    story.at("330 s", sari.sees("closing"), sari.seesNo("extension_requested"))
    story.at("330 s", money(story, ["consumed", "failed_pairing"], 1))
  }
)

export const extensionDuringDrain = scenario(
  "an extension is paid while the runner drains",
  "The owner is told to stop in the moment the money comes; another runner asks the mitra.",
  (story) => {
    story.with({ runners: 2 })
    const { ayu, sari } = inAChat(story)
    story.at("60 s", sari.asksForMoreTime("chat_5"))
    story.at("62 s", sari.paysAtTheCheckout(), story.runner(1).isStopped())
    story.at("75 s", story.runner(1).starts())
    story.after("2 s", ayu.hears("extension_requested"), ayu.answersTheExtension(true))
    story.at("140 s", sari.sees("session_resumed"), money(story, ["consumed", "consumed"], 2))
  }
)

export const rejectedExtension = scenario(
  "an extension is refused",
  "She says no: the chat closes, nothing is charged for it, and staff see the money.",
  (story) => {
    const { ayu, sari } = inAChat(story)
    story.at("60 s", sari.asksForMoreTime("chat_12"))
    story.at("62 s", sari.paysAtTheCheckout())
    story.after("2 s", ayu.hears("extension_requested"), ayu.answersTheExtension(false))
    story.at("90 s", sari.sees("closing"), money(story, ["consumed", "failed_pairing"], 1))
  }
)
