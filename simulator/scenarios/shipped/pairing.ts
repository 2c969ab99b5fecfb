// Crossings around an offer: who wins, who is told what, and what happens when it is over meanwhile.
import { scenario } from "../script.ts"

export const twoAccepts = scenario(
  "two accepts in one millisecond",
  "Both are asked; the first yes wins, and the other one hears why she lost.",
  (script) => {
    const ayu = script.mitra("ayu")
    const bunga = script.mitra("bunga")
    const sari = script.customer("sari")
    script.at("0 s", ayu.goesOnline(), bunga.goesOnline())
    script.at("2 s", sari.pays("chat_5"))
    script.at("12 s", ayu.accepts(), bunga.accepts())
    script.at("13 s", sari.sees("paired"), ayu.wasAnswered("mitra.accept"))
    script.at("13 s", bunga.wasRefused("mitra.accept", "OFFER_TAKEN"), bunga.offerEndedWith("taken"))
    script.at("14 s", sari.says("halo"))
    script.at("15 s", ayu.says("halo juga"))
    script.at("16 s", sari.heardExactly("halo", "halo juga"), ayu.heardExactly("halo", "halo juga"))
  }
)

/** Sixty seconds after the offer was made, less the way of the frame to the server. */
export const acceptAtTheExpiryTick = scenario(
  "accept at the expiry tick",
  "A yes that arrives in the very millisecond in which the window ends is too late, and is told so.",
  (script) => {
    const ayu = script.mitra("ayu")
    const sari = script.customer("sari")
    script.at("0 s", ayu.goesOnline())
    script.at("2 s", sari.pays("chat_5"))
    script.after("60 s", ayu.isOffered, ayu.accepts())
    script.at("70 s", ayu.wasRefused("mitra.accept", "OFFER_EXPIRED"), ayu.offerEndedWith("expired"))
    script.at("70 s", sari.sees("pairing_failed"), sari.seesNo("paired"))
    script.at("71 s", sari.triesAgain())
    script.at("75 s", ayu.accepts())
    script.at("77 s", sari.sees("paired"))
  }
)

export const acceptJustBeforeTheWindowEnds = scenario(
  "accept in the last second of the window",
  "A yes half a second before the window ends wins.",
  (script) => {
    const ayu = script.mitra("ayu")
    const sari = script.customer("sari")
    script.at("0 s", ayu.goesOnline())
    script.at("2 s", sari.pays("chat_5"))
    script.after("59.4 s", ayu.isOffered, ayu.accepts())
    script.at("70 s", sari.sees("paired"), sari.seesNo("pairing_failed"), ayu.wasAnswered("mitra.accept"))
  }
)

export const lateAccept = scenario(
  "a late accept is told why it lost",
  "Taken by another, cancelled by the customer, run out: three different answers.",
  (script) => {
    const ayu = script.mitra("ayu")
    const bunga = script.mitra("bunga")
    const sari = script.customer("sari")
    const dewi = script.customer("dewi")
    script.at("0 s", ayu.goesOnline(), bunga.goesOnline())
    script.at("2 s", sari.pays("chat_5"))
    script.at("8 s", ayu.accepts())
    script.at("10 s", bunga.accepts())
    script.at("11 s", bunga.wasRefused("mitra.accept", "OFFER_TAKEN"))
    script.at("12 s", dewi.pays("chat_5"))
    script.at("18 s", dewi.cancels())
    script.at("20 s", bunga.offerEndedWith("cancelled"), bunga.accepts())
    script.at("21 s", bunga.wasRefused("mitra.accept", "OFFER_CANCELLED"))
    script.at("22 s", dewi.triesAgain())
    script.at("100 s", dewi.sees("pairing_failed"), bunga.accepts())
    script.at("101 s", bunga.wasRefused("mitra.accept", "OFFER_EXPIRED"))
  }
)

export const deactivationMidOffer = scenario(
  "deactivation while an offer is open",
  "Deactivated while she is asked: her socket closes, her offer is withdrawn, the other one is still asked.",
  (script) => {
    const ayu = script.mitra("ayu")
    const bunga = script.mitra("bunga")
    const sari = script.customer("sari")
    const staff = script.staff()
    script.at("0 s", ayu.goesOnline(), bunga.goesOnline())
    script.at("2 s", sari.pays("chat_5"))
    script.at("8 s", staff.deactivates(ayu))
    script.at("9 s", ayu.isNotConnected(), staff.wasAnswered("admin.deactivate_mitra"))
    script.at("10 s", bunga.accepts())
    script.at("12 s", sari.sees("paired"))
    script.at("20 s", ayu.isNotConnected())
  }
)

export const queue = scenario(
  "the waiting line is served by a freed slot",
  "Three customers fill the only mitra; the fourth waits in line until one of the chats ends.",
  (script) => {
    const ayu = script.mitra("ayu")
    const staff = script.staff()
    const sari = script.customer("sari")
    const dewi = script.customer("dewi")
    script.at("0 s", ayu.goesOnline(), staff.sets("max_customers_per_mitra", 1))
    script.at("2 s", staff.wasAnswered("admin.settings_write"), sari.pays("chat_5"))
    script.at("8 s", ayu.accepts())
    script.at("10 s", sari.sees("paired"), dewi.pays("chat_5"))
    script.at("15 s", dewi.seesNo("offers_sent"), ayu.hasNoOffer())
    script.at("20 s", sari.ends())
    script.at("24 s", dewi.sees("offers_sent"), ayu.accepts())
    script.at("26 s", dewi.sees("paired"))
  }
)

export const sameBestieAgain = scenario(
  "the same bestie again, then anybody",
  "She is asked alone for twenty seconds; she stays silent, and the same payment asks everybody.",
  (script) => {
    const ayu = script.mitra("ayu")
    const bunga = script.mitra("bunga")
    const sari = script.customer("sari")
    script.at("0 s", ayu.goesOnline())
    script.at("2 s", sari.pays("chat_5"))
    script.at("8 s", ayu.accepts())
    script.at("10 s", sari.ends(), bunga.goesOnline())
    script.at("14 s", sari.saysGoodbye())
    script.at("20 s", sari.pays("chat_5", { again: ayu }))
    script.at("25 s", bunga.hasNoOffer())
    script.at("50 s", sari.sees("pairing_failed"), sari.triesAgain())
    script.at("55 s", bunga.accepts())
    script.at("57 s", sari.sees("paired"))
  }
)
