// A mitra of the soak: answers what she is offered, chats with everybody she has, says yes to extensions,
// keeps her heartbeat, and holds the server to it: who is answered in time is not called silent.
import { randomUUID } from "node:crypto"
import { sleep } from "../../testkit/phone.mjs"
import { mitraPhone, type Site } from "../site.ts"
import { type Chat, write } from "./chat.ts"
import { isRefused, Person, type Wire } from "./person.ts"

const beatEveryMs = 4_000
/** What the site sets as mitra_stale_after_seconds, and a sweep's pause before somebody is found. */
const staleAfterMs = 15_000
const writeEveryMs = () => 700 + Math.random() * 1_400
const notMine = [
  "OFFER_TAKEN",
  "OFFER_CANCELLED",
  "OFFER_EXPIRED",
  "OFFER_CLOSED",
  "OFFER_NOT_FOUND",
  "MITRA_AT_CAPACITY",
  "MITRA_NOT_ONLINE",
  "SESSION_NOT_FOUND"
]

/** Chats that run, by session: the customer finds hers here. */
export type Chats = Map<string, Chat>

export class Mitra {
  readonly person: Person
  readonly #chats: Chats
  #answeredAt = 0
  readonly #answering = new Set<string>()

  constructor(number: number, site: Site, chats: Chats) {
    this.person = new Person(`mitra${number}`, site)
    this.#chats = chats
    this.person.onEvent = (event) => this.#hear(event)
  }

  async arrive(number: number): Promise<void> {
    const who = { phone: mitraPhone(number), user_type: "mitra", code: "000000" }
    await this.person.signIn("auth.verify_code", who)
    await this.#goOnline()
    this.#beat().catch(this.#failed)
    this.#answer().catch(this.#failed)
  }

  readonly #failed = (error: unknown): void => {
    if (!this.person.isLeaving) this.person.site.findings.violation(`${this.person.name}: ${error}`)
  }

  async #goOnline(): Promise<void> {
    await this.person.call("mitra.go_online", { command_id: randomUUID() })
    this.#answeredAt = performance.now()
  }

  async #beat(): Promise<void> {
    while (!this.person.isLeaving) {
      await sleep(beatEveryMs)
      const status = await this.person.call("mitra.heartbeat", {})
      if (!status.is_online) {
        this.#wentOffline("her heartbeat was answered with offline")
        await this.#goOnline()
      } else this.#answeredAt = performance.now()
    }
  }

  /** She has been silent for the server only if it did not answer her. */
  #wentOffline(how: string): void {
    const silentMs = performance.now() - this.#answeredAt
    this.person.site.findings.count("mitras taken offline")
    if (silentMs < staleAfterMs) {
      this.person.site.findings.violation(
        `${this.person.name} is offline (${how}), ${Math.round(silentMs)} ms after she was answered`
      )
    }
    // Said twice, by the event and by the next answer.
    this.#answeredAt = -staleAfterMs
  }

  async #answer(): Promise<void> {
    while (!this.person.isLeaving) {
      await this.person.connected().catch(() => {})
      for (const session_id of this.person.offers) {
        if (this.#answering.has(session_id)) continue
        this.#answering.add(session_id)
        this.#accept(session_id).catch(this.#failed).finally(() => this.#answering.delete(session_id))
      }
      await sleep(100)
    }
  }

  async #accept(session_id: string): Promise<void> {
    await sleep(Math.random() * 400)
    if (!this.person.offers.has(session_id)) return
    const acceptedAt = performance.now()
    try {
      await this.person.call("mitra.accept", { command_id: randomUUID(), session_id })
    } catch (error) {
      this.person.offers.delete(session_id)
      if (isRefused(error, ...notMine)) return
      throw error
    }
    this.person.offers.delete(session_id)
    await this.#chat(session_id, acceptedAt)
  }

  async #chat(session_id: string, acceptedAt: number): Promise<void> {
    const already = this.#chats.get(session_id)
    if (already !== undefined) {
      const both = `${already.mitra.name} and ${this.person.name}`
      return this.person.site.findings.violation(`${session_id} was won twice: by ${both}`)
    }
    const chat: Chat = {
      session_id,
      mitra: this.person,
      acceptedAt,
      customerWrote: [],
      mitraWrote: [],
      mitraIsDone: false
    }
    this.#chats.set(session_id, chat)
    const isOver = () => ["closing", "over"].includes(this.person.sessions.get(session_id) ?? "running")
    await write(this.person, chat, "mitra", writeEveryMs, isOver).finally(() => (chat.mitraIsDone = true))
  }

  #hear(event: Wire): void {
    if (event._tag === "mitra_status" && !event.is_online && event.cause === "stale_heartbeat") {
      this.#wentOffline("stale heartbeat")
    }
    if (event._tag === "session" && event.fact.kind === "extension_requested") {
      void this.#approve(event.session_id, event.seq)
    }
  }

  /** Now and then she says nothing, and the clock approves. */
  async #approve(session_id: string, extension_seq: number): Promise<void> {
    if (Math.random() < 0.3) return
    const answer = { command_id: randomUUID(), session_id, extension_seq, approve: true }
    await this.person.call("mitra.answer_extension", answer).catch(() => {})
  }
}
