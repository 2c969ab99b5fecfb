// The queue on two server processes: customers wait on both, one mitra has one place, and whenever it
// becomes free the one who has waited longest gets it, whichever runner owns whose request.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { freshDatabaseUrl } from "../support/postgres.ts"
import { seedDatabase, startRunner } from "../support/server-process.ts"
import { commandId, customer, isFact, mitra, pair, pay, type Person } from "./people.ts"
import { adminCall, signInAdmin } from "./staff.ts"

interface Waiter {
  readonly person: Person
  readonly session_id: string
}

const requestOf = ({ person, session_id }: Waiter) =>
  person.phone.call("customer.request_status", { session_id })

const placesOf = (waiters: ReadonlyArray<Waiter>): Promise<ReadonlyArray<unknown>> =>
  Promise.all(waiters.map(async (waiter) => {
    const { queue, status } = await requestOf(waiter)
    return [status, queue?.position ?? null]
  }))

describe("the queue of two runners", () => {
  it.live("gives each freed place to who has waited longest", () =>
    Effect.gen(function*() {
      const url = yield* freshDatabaseUrl
      yield* seedDatabase(url)
      const [a, b] = yield* Effect.all([startRunner(url), startRunner(url)], { concurrency: 2 })
      yield* Effect.promise(async () => {
        const staff = await signInAdmin(a)
        for (
          const [key, value] of [["max_customers_per_mitra", 1], ["mitra_ping_required", false]] as const
        ) {
          await adminCall(a, staff, "admin.settings_write", { key, value })
        }
        const sari = await customer(a)
        const ayu = await mitra(b, 1)
        const chat = await pair(a, sari, ayu, "chat_5")
        const waiters: Array<Waiter> = []
        for (const [server, name] of [[b, "Ani"], [a, "Budi"], [b, "Citra"]] as const) {
          const person = await customer(server, name)
          const payment_id = await pay(server, person, "chat_5")
          const { session_id } = await person.phone.call("customer.payment_status", { payment_id })
          waiters.push({ person, session_id })
        }
        assert.deepStrictEqual(await placesOf(waiters), [["searching", 1], ["searching", 2], [
          "searching",
          3
        ]])

        await sari.phone.call("chat.end", { command_id: commandId(), session_id: chat })
        const ended = performance.now()
        const [ani, budi, citra] = waiters as [Waiter, Waiter, Waiter]
        await ani.person.phone.event("Ani's offer goes out", isFact("offers_sent"), 10_000)
        assert.isBelow(performance.now() - ended, 2000, "she is woken, not found at the next look")
        assert.deepStrictEqual(await placesOf([budi, citra]), [["searching", 2], ["searching", 3]])

        await ayu.phone.call("mitra.accept", { command_id: commandId(), session_id: ani.session_id })
        await ani.person.phone.event("Ani is paired", isFact("paired"), 10_000)
        assert.deepStrictEqual(await placesOf([budi, citra]), [["searching", 1], ["searching", 2]])
        await ani.person.phone.call("chat.end", { command_id: commandId(), session_id: ani.session_id })
        await budi.person.phone.event("Budi's offer goes out", isFact("offers_sent"), 10_000)
        assert.deepStrictEqual(await placesOf([citra]), [["searching", 2]])

        const { requests } = await ayu.phone.call("mitra.requests", { before: null, limit: 10 })
        const offered = requests.map((offer: { session_id: string }) => offer.session_id)
        assert.sameMembers(offered, [chat, ani.session_id, budi.session_id])
        for (const { phone } of [sari, ayu, ...waiters.map(({ person }) => person)]) phone.hangUp()
      })
    }), 120_000)
})
