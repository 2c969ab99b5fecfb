// A customer of the soak, over and over: orders, pays by the provider's webhook, waits for a mitra, chats,
// perhaps buys more time or ends early, says goodbye, and compares what she has with what the mitra has.
import { randomUUID } from "node:crypto"
import { sleep } from "../../testkit/phone.mjs"
import { type Site, tiers } from "../site.ts"
import { verifyChat, write } from "./chat.ts"
import type { Chats } from "./mitra.ts"
import { isRefused, Person } from "./person.ts"

/** Orders of one customer an hour are limited; another one comes. */
const chatsPerCustomer = 6
const writeEveryMs = () => 700 + Math.random() * 1_400
const settledWithinMs = 60_000
/** Clocks of processes tick apart by so much. */
const tellingMs = 500

export interface Paid {
  readonly payment_id: string
  readonly amount_idr: number
}

export class Customer {
  readonly #number: number
  readonly #site: Site
  readonly #chats: Chats
  readonly #paid: Array<Paid>
  readonly #endedEarly = new Set<string>()
  readonly #closing = Promise.withResolvers<void>()
  #isClosing = false
  #person: Person

  constructor(number: number, site: Site, chats: Chats, paid: Array<Paid>) {
    this.#number = number
    this.#site = site
    this.#chats = chats
    this.#paid = paid
    this.#person = new Person(`customer${number}`, site)
  }

  /** Until `close`, then to the end of the chat that runs. */
  async live(): Promise<void> {
    while (!this.#isClosing) {
      this.#person = new Person(`customer${this.#number}`, this.#site)
      await this.#person.signIn("auth.sign_in_anonymous", { call_name: `Customer ${this.#number}` })
      for (let chats = 0; chats < chatsPerCustomer && !this.#isClosing; chats++) {
        await this.#visit().catch((error) => {
          this.#site.findings.violation(`${this.#person.name}: ${error?.stack ?? error}`)
        })
        await sleep(Math.random() * 1_000)
      }
      this.#person.leave()
    }
  }

  close(): void {
    this.#isClosing = true
    this.#closing.resolve()
  }

  async #visit(): Promise<void> {
    const order = { command_id: randomUUID(), tier_id: "soak_chat", topic: "regular" }
    const payment = await this.#person.call("customer.create_payment", order)
    await this.#pay(payment)
    const session_id = await this.#sessionOf(payment.payment_id)
    const phase = () => this.#person.sessions.get(session_id) ?? "waiting"
    if (!await this.#person.until(() => phase() !== "waiting", 80_000)) {
      return this.#site.findings.violation(`${session_id} found neither a mitra nor its end`)
    }
    if (phase() === "over") return this.#giveUp(payment.payment_id, session_id)
    await this.#chat(session_id, () => phase() !== "running")
    await this.#part(session_id, () => phase() === "over")
  }

  /** The provider repeats its word until it is acknowledged. */
  async #pay({ amount_idr, payment_id }: Paid): Promise<void> {
    const body = { external_id: payment_id, status: "PAID", amount: amount_idr, id: `invoice-${payment_id}` }
    const giveUpAt = performance.now() + settledWithinMs
    while (performance.now() < giveUpAt) {
      const runner = this.#site.choose()
      const answer = await fetch(`${runner.httpUrl}/api/webhooks/payments/builtin`, {
        method: "POST",
        headers: { "content-type": "application/json", "x-callback-token": runner.process!.webhookToken },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(5_000)
      }).catch(() => null)
      await answer?.body?.cancel().catch(() => {})
      if (answer?.status === 200) {
        this.#paid.push({ payment_id, amount_idr })
        return
      }
      this.#site.findings.count("webhooks repeated")
      await sleep(200)
    }
    this.#site.findings.violation(`the webhook of ${payment_id} was not acknowledged`)
  }

  async #sessionOf(payment_id: string): Promise<string> {
    const giveUpAt = performance.now() + settledWithinMs
    for (;;) {
      const { session_id } = await this.#person.call("customer.payment_status", { payment_id })
      if (session_id !== null) return session_id
      if (performance.now() > giveUpAt) throw new Error(`${payment_id} is paid and got no session`)
      await sleep(200)
    }
  }

  /** There are more mitras with room than customers: somebody was away for long. */
  async #giveUp(payment_id: string, session_id: string): Promise<void> {
    this.#site.findings.count(`requests without a mitra (${this.#person.causes.get(session_id)})`)
    await this.#person.call("customer.abandon_payment", { command_id: randomUUID(), payment_id })
  }

  async #chat(session_id: string, isOver: () => boolean): Promise<void> {
    // The mitra knows of her yes when it is answered, perhaps after the customer heard of it.
    if (!await this.#person.until(() => this.#chats.has(session_id), settledWithinMs)) {
      return this.#site.findings.violation(`${session_id} is paired and its mitra was never told`)
    }
    const chat = this.#chats.get(session_id)!
    const draw = Math.random()
    const shorter = async () => draw >= 0.3 && draw < 0.5 ? this.#end(session_id, 8_000, 20_000) : undefined
    const special = draw < 0.3 ? this.#extend(session_id) : shorter()
    let isWriting = true
    this.#closing.promise.then(() => isWriting ? this.#end(session_id, 0, 1_000) : undefined).catch(
      (error) => {
        // Who has left meanwhile ends nothing any more.
        if (!this.#person.isLeaving) {
          this.#site.findings.violation(`${session_id} could not be ended: ${error}`)
        }
      }
    )
    await write(this.#person, chat, "customer", writeEveryMs, isOver)
    isWriting = false
    this.#checkServed(chat.acceptedAt, session_id)
    await special
  }

  /** A mitra's yes comes before the paid time begins, and its end is heard after it was. */
  #checkServed(acceptedAt: number, session_id: string): void {
    const servedMs = performance.now() - acceptedAt
    if (this.#endedEarly.delete(session_id) || servedMs >= tiers.soak_chat * 1000 - tellingMs) return
    this.#site.findings.violation(`${session_id} was over after ${Math.round(servedMs)} ms`)
  }

  async #extend(session_id: string): Promise<void> {
    await sleep(10_000 + Math.random() * 20_000)
    const order = { command_id: randomUUID(), session_id, tier_id: "soak_more" }
    try {
      await this.#pay(await this.#person.call("chat.request_extension", order))
      this.#site.findings.count("extensions paid")
    } catch (error) {
      if (!isRefused(error, "SESSION_CLOSING", "SESSION_OVER", "SESSION_NOT_ACTIVE")) throw error
    }
  }

  async #end(session_id: string, afterMs: number, withinMs: number): Promise<void> {
    await sleep(afterMs + Math.random() * withinMs)
    this.#endedEarly.add(session_id)
    await this.#person.call("chat.end", { command_id: randomUUID(), session_id }).catch((error) => {
      if (!isRefused(error, "SESSION_CLOSING", "SESSION_OVER")) throw error
    })
  }

  async #part(session_id: string, isOver: () => boolean): Promise<void> {
    if (Math.random() < 0.6) {
      const goodbye = { command_id: randomUUID(), session_id, text: "terima kasih" }
      await this.#person.call("chat.goodbye", goodbye).catch((error) => {
        if (!isRefused(error, "SESSION_CLOSING", "SESSION_OVER", "SESSION_NOT_ACTIVE")) throw error
      })
    }
    if (!await this.#person.until(isOver, settledWithinMs)) {
      return this.#site.findings.violation(`${session_id} was never told completed`)
    }
    const chat = this.#chats.get(session_id)!
    await this.#person.until(() => chat.mitraIsDone, settledWithinMs)
    if (!chat.mitraIsDone) this.#site.findings.violation(`${session_id}: its mitra never heard of the end`)
    await verifyChat(this.#site, chat, this.#person)
    this.#chats.delete(session_id)
  }
}
