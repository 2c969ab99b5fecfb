// From a payment to a chat: the bank's word, offers on the mitras' screens, the first accept, both told.
import { Agent, request } from "node:http"
import { eachAtOnce } from "./at-once.ts"
import type { Chat } from "./messages.ts"
import type { Phone } from "./phone.ts"
import type { Happening } from "./wires.ts"

export interface Reached {
  readonly http: string
  readonly webhook_token: string
}

const patienceMs = 20_000
const agent = new Agent({ keepAlive: true })

const post = (url: string, headers: Record<string, string>, body: string) =>
  new Promise<number>((resolve, reject) => {
    const sent = request(url, { method: "POST", agent, headers }, (answer) => {
      answer.resume()
      answer.on("end", () => resolve(answer.statusCode ?? 0))
    })
    sent.on("error", reject)
    sent.end(body)
  })

/** The bank says that it is paid. */
const confirm = async ({ http, webhook_token }: Reached, payment: string, amount: number): Promise<void> => {
  const body = JSON.stringify({ external_id: payment, status: "PAID", amount, id: `invoice-${payment}` })
  const status = await post(`${http}/api/webhooks/payments/builtin`, {
    "content-type": "application/json",
    "content-length": String(Buffer.byteLength(body)),
    "x-callback-token": webhook_token
  }, body)
  if (status !== 200) throw new Error(`the webhook answered ${status}`)
}

/** Resolves at the nth happening of one kind, on any of these phones, that is meant. */
const nth = (
  what: string,
  phones: Iterable<Phone>,
  count: number,
  isMeant: (happening: Happening, phone: Phone) => boolean
) =>
  new Promise<{ readonly at: number; readonly phone: Phone; readonly chat: string }>((resolve, reject) => {
    let left = count
    const heard = [...phones]
    const undo: Array<() => void> = []
    const stop = () => undo.forEach((one) => one())
    const late = setTimeout(() => (stop(), reject(new Error(`${what}: ${left} are missing`))), patienceMs)
    for (const phone of heard) {
      const before = phone.hear
      phone.hear = (on, happening) => {
        before(on, happening)
        if (!isMeant(happening, on) || (left -= 1) > 0) return
        const at = performance.now()
        clearTimeout(late)
        stop()
        resolve({ at, phone: on, chat: happening.chat ?? "" })
      }
      const mine = phone.hear
      undo.push(() => {
        if (phone.hear === mine) phone.hear = before
      })
    }
  })

/** Requests that are open at a time: one less than a mitra may be asked for, so that every offer is made. */
const openAtOnce = 4

/** Each mitra takes what is offered her until she has as many chats as customers came with her. */
const makeTakers = (failed: (error: unknown) => void) => {
  const takerOf = new Map<string, Phone>()
  const takes = (mitra: Phone, chatsMax: number): void => {
    let left = chatsMax
    mitra.hear = (_, { chat, event }) => {
      if (event !== "offer" || chat === undefined || left === 0 || takerOf.has(chat)) return
      left -= 1
      takerOf.set(chat, mitra)
      mitra.ask("accept", { chat }).catch(failed)
    }
  }
  return { takerOf, takes }
}

/**
 * A running chat for each customer. A mitra goes online with as many places as her customers need, and a
 * chat is hers whose offer she sees first: there are always places for all requests that are open.
 */
export const pairGroups = async (
  to: Reached,
  groups: ReadonlyArray<{ readonly mitra: Phone; readonly customers: ReadonlyArray<Phone> }>,
  goOnline: (mitra: Phone) => Promise<void>
): Promise<ReadonlyArray<Chat>> => {
  const chats: Array<Chat> = []
  const refused = Promise.withResolvers<never>()
  const { takerOf, takes } = makeTakers(refused.reject)
  const all = eachAtOnce(groups, openAtOnce, async ({ customers, mitra }) => {
    takes(mitra, customers.length)
    await goOnline(mitra)
    for (const customer of customers) {
      const { amount = 0, payment = "" } = await customer.ask("order")
      const paired = nth("paired", [customer], 1, ({ event }) => event === "paired")
      await confirm(to, payment, amount)
      const { chat } = await paired
      chats.push({ chat, customer: customer.person.id, mitra: takerOf.get(chat)!.person.id })
    }
  })
  await Promise.race([all, refused.promise])
  for (const { mitra } of groups) mitra.hear = () => {}
  return chats
}

/** How long until the last of `expected` offers is on a screen; afterwards the request is cancelled. */
export const blast = async (
  to: Reached,
  customer: Phone,
  mitras: ReadonlyArray<Phone>,
  expected: number
): Promise<{ readonly last_ms: number; readonly chat: string }> => {
  const { amount = 0, payment = "" } = await customer.ask("order")
  const offered = nth("the offers", mitras, expected, ({ event }) => event === "offer")
  const began = performance.now()
  const [{ at, chat }] = await Promise.all([offered, confirm(to, payment, amount)])
  const closed = nth(
    "the offers' end",
    mitras,
    expected,
    (what) => what.event === "offer_closed" && what.chat === chat
  )
  await Promise.all([customer.ask("cancel", { chat }), closed])
  return { last_ms: at - began, chat }
}

/** How long from the accept until both phones know; afterwards the customer ends the chat. */
export const accept = async (
  to: Reached,
  customer: Phone,
  mitras: ReadonlyArray<Phone>
): Promise<{ readonly paired_ms: number; readonly chat: string }> => {
  const { amount = 0, payment = "" } = await customer.ask("order")
  const offered = nth("the offer", mitras, 1, ({ event }) => event === "offer")
  await confirm(to, payment, amount)
  const { chat, phone: mitra } = await offered
  const both = Promise.all(
    [customer, mitra].map((phone) =>
      nth("paired", [phone], 1, (what) => what.event === "paired" && what.chat === chat)
    )
  )
  const began = performance.now()
  const [heard] = await Promise.all([both, mitra.ask("accept", { chat })])
  await customer.ask("end", { chat })
  return { paired_ms: Math.max(...heard.map(({ at }) => at)) - began, chat }
}
