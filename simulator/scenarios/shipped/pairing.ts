// Crossings around an offer: who wins, who is told what, and what happens when it is over meanwhile.
import { scenario } from "../script.ts"

export const twoAccepts = scenario(
  "two accepts in one millisecond",
  "Both are asked; the first yes wins, and the other one hears why she lost.",
  (story) => {
    const ayu = story.mitra("ayu")
    const bunga = story.mitra("bunga")
    const sari = story.customer("sari")
    story.at("0 s", ayu.goesOnline(), bunga.goesOnline())
    story.at("2 s", sari.pays("chat_5"))
    story.at("12 s", ayu.accepts(), bunga.accepts())
    story.at("13 s", sari.sees("paired"), ayu.wasAnswered("mitra.accept"))
    story.at("13 s", bunga.wasRefused("mitra.accept", "OFFER_TAKEN"), bunga.offerEndedWith("taken"))
    story.at("14 s", sari.says("halo"), ayu.says("halo juga"))
    story.at("16 s", sari.hasHeard("halo", "halo juga"), ayu.hasHeard("halo", "halo juga"))
  }
)

/** Sixty seconds after the offer was made, less the way of the frame to the server. */
export const acceptAtTheExpiryTick = scenario(
  "accept at the expiry tick",
  "A yes that arrives in the very millisecond in which the window ends is too late, and is told so.",
  (story) => {
    const ayu = story.mitra("ayu")
    const sari = story.customer("sari")
    story.at("0 s", ayu.goesOnline())
    story.at("2 s", sari.pays("chat_5"))
    story.after("60 s", ayu.isOffered, ayu.accepts())
    story.at("70 s", ayu.wasRefused("mitra.accept", "OFFER_EXPIRED"), ayu.offerEndedWith("expired"))
    story.at("70 s", sari.sees("pairing_failed"), sari.seesNo("paired"))
    story.at("71 s", sari.triesAgain())
    story.at("75 s", ayu.accepts())
    story.at("77 s", sari.sees("paired"))
  }
)

export const acceptJustBeforeTheWindowEnds = scenario(
  "accept in the last second of the window",
  "A yes half a second before the window ends wins.",
  (story) => {
    const ayu = story.mitra("ayu")
    const sari = story.customer("sari")
    story.at("0 s", ayu.goesOnline())
    story.at("2 s", sari.pays("chat_5"))
    story.after("59.4 s", ayu.isOffered, ayu.accepts())
    story.at("70 s", sari.sees("paired"), sari.seesNo("pairing_failed"), ayu.wasAnswered("mitra.accept"))
  }
)

export const lateAccept = scenario(
  "a late accept is told why it lost",
  "Taken by another, cancelled by the customer, run out: three different answers.",
  (story) => {
    const ayu = story.mitra("ayu")
    const bunga = story.mitra("bunga")
    const sari = story.customer("sari")
    const dewi = story.customer("dewi")
    story.at("0 s", ayu.goesOnline(), bunga.goesOnline())
    story.at("2 s", sari.pays("chat_5"))
    story.at("8 s", ayu.accepts())
    story.at("10 s", bunga.accepts())
    story.at("11 s", bunga.wasRefused("mitra.accept", "OFFER_TAKEN"))
    story.at("12 s", dewi.pays("chat_5"))
    story.at("18 s", dewi.cancels())
    story.at("20 s", bunga.offerEndedWith("cancelled"), bunga.accepts())
    story.at("21 s", bunga.wasRefused("mitra.accept", "OFFER_CANCELLED"))
    story.at("22 s", dewi.triesAgain())
    story.at("100 s", dewi.sees("pairing_failed"), bunga.accepts())
    story.at("101 s", bunga.wasRefused("mitra.accept", "OFFER_EXPIRED"))
  }
)

export const deactivationMidOffer = scenario(
  "deactivation while an offer is open",
  "Deactivated while she is asked: her socket closes, her offer is withdrawn, the other one is still asked.",
  (story) => {
    const ayu = story.mitra("ayu")
    const bunga = story.mitra("bunga")
    const sari = story.customer("sari")
    const staff = story.staff()
    story.at("0 s", ayu.goesOnline(), bunga.goesOnline())
    story.at("2 s", sari.pays("chat_5"))
    story.at("8 s", staff.deactivates(ayu))
    story.at("9 s", ayu.isNotConnected(), staff.wasAnswered("admin.deactivate_mitra"))
    story.at("10 s", bunga.accepts())
    story.at("12 s", sari.sees("paired"))
    story.at("20 s", ayu.isNotConnected())
  }
)

export const queue = scenario(
  "the waiting line is served by a freed slot",
  "Three customers fill the only mitra; the fourth waits in line until one of the chats ends.",
  (story) => {
    const ayu = story.mitra("ayu")
    const staff = story.staff()
    const sari = story.customer("sari")
    const dewi = story.customer("dewi")
    story.at("0 s", ayu.goesOnline(), staff.sets("max_customers_per_mitra", 1))
    story.at("2 s", staff.wasAnswered("admin.settings_write"), sari.pays("chat_5"))
    story.at("8 s", ayu.accepts())
    story.at("10 s", sari.sees("paired"), dewi.pays("chat_5"))
    story.at("15 s", dewi.seesNo("offers_sent"), ayu.hasNoOffer())
    story.at("20 s", sari.ends())
    story.at("24 s", dewi.sees("offers_sent"), ayu.accepts())
    story.at("26 s", dewi.sees("paired"))
  }
)

export const sameBestieAgain = scenario(
  "the same bestie again, then anybody",
  "She is asked alone for twenty seconds; she stays silent, and the same payment asks everybody.",
  (story) => {
    const ayu = story.mitra("ayu")
    const bunga = story.mitra("bunga")
    const sari = story.customer("sari")
    story.at("0 s", ayu.goesOnline())
    story.at("2 s", sari.pays("chat_5"))
    story.at("8 s", ayu.accepts())
    story.at("10 s", sari.ends(), bunga.goesOnline())
    story.at("14 s", sari.saysGoodbye())
    story.at("20 s", sari.pays("chat_5", { again: ayu }))
    story.at("25 s", bunga.hasNoOffer())
    story.at("50 s", sari.sees("pairing_failed"), sari.triesAgain())
    story.at("55 s", bunga.accepts())
    story.at("57 s", sari.sees("paired"))
  }
)
