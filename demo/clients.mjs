// The clients of the demo: one customer and the three demo mitras a development server is seeded with. A
// person is a phone plus what the app behind it would remember.
import { Phone } from "./phone.mjs"
import { Staff } from "./staff.mjs"

export const mitraPhones = { Ayu: "+628110000001", Bunga: "+628110000002", Citra: "+628110000003" }

export const person = (name, url) => ({ name, phone: new Phone(url), tokens: null })

/** What the acts share: the clients, the addresses, and the ids that the acts found out. */
export const makeWorld = (options) => {
  const sari = person("Sari", options.url)
  const mitras = Object.keys(mitraPhones).map((name) => person(name, options.url))
  const staff = new Staff(options.internalUrl)
  // Long enough that no chat of the catalogue ends by itself.
  return { ...options, sari, mitras, staff, longTier: "chat_5", everybody: [sari, ...mitras] }
}

/** A new id for one action of one person; repeating the action repeats the id. */
export const actionId = () => crypto.randomUUID()

export const ofSession = (sessionId, kind) => (event) =>
  event._tag === "session" && event.session_id === sessionId && event.fact.kind === kind
