// The rare crossings by name: what a report counts, and which refusal shows that one was reached.
export const crossings = [
  "two accepts within 5 ms",
  "accept at the expiry tick",
  "late accept told taken",
  "late accept told cancelled",
  "late accept told expired",
  "accept refused: no place left",
  "cancel that came too late",
  "everybody asked declined",
  "request found nobody",
  "second wave of offers",
  "targeted request timed out, then a blast",
  "waiting line served by a freed slot",
  "extension answered at its deadline",
  "extension answered too late",
  "extension approved by the clock",
  "extension rejected by the clock: mitra away",
  "message repeated after a lost answer",
  "message refused: the time was up",
  "resume that filled a gap",
  "gap too long to resume",
  "drain with calls in flight",
  "call told to try later",
  "session taken over by another runner",
  "fenced turn",
  "webhook twice",
  "webhook after the payment had expired",
  "payment confirmed while another chat runs",
  "extension paid, but the chat was over",
  "mitra deactivated with an open offer",
  "mitra deactivated during a chat",
  "mitra called silent",
  "chat rerouted",
  "chat came back to a former mitra",
  "reroute answered a proposal",
  "reroute refused: the time was up",
  "reroute refused: a colleague was quicker",
  "reroute refused: no place left",
  "message refused: the chat was handed over",
  "both goodbyes in",
  "goodbye grace over"
] as const
export type Crossing = (typeof crossings)[number]

export const lateAnswers: Readonly<Record<string, Crossing>> = {
  OFFER_TAKEN: "late accept told taken",
  OFFER_CANCELLED: "late accept told cancelled",
  OFFER_EXPIRED: "late accept told expired",
  MITRA_AT_CAPACITY: "accept refused: no place left",
  EXTENSION_RESOLVED: "extension answered too late",
  REQUEST_NOT_OPEN: "cancel that came too late",
  SESSION_REROUTED: "message refused: the chat was handed over",
  SESSION_CLOSING: "message refused: the time was up"
}
/** What staff are told when a chat cannot change hands. */
export const rerouteAnswers: Readonly<Record<string, Crossing>> = {
  SESSION_CLOSING: "reroute refused: the time was up",
  SESSION_OVER: "reroute refused: the time was up",
  STALE_WRITE: "reroute refused: a colleague was quicker",
  MITRA_AT_CAPACITY: "reroute refused: no place left"
}
export const callOf: Readonly<Partial<Record<string, ReadonlyArray<string>>>> = {
  "late accept told taken": ["mitra.accept"],
  "late accept told cancelled": ["mitra.accept"],
  "late accept told expired": ["mitra.accept"],
  "accept refused: no place left": ["mitra.accept"],
  "message refused: the time was up": ["chat.send"],
  "message refused: the chat was handed over": ["chat.send"]
}
