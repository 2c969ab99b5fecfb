// Pushes from outside: a real server, firebase-admin inside it, and a stand-in for Google. Who closed the
// app is
// told, who has it open is not, and what was withdrawn is never sent.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { firebaseDouble, type Pushed, refusal, taken } from "../support/firebase-double.ts"
import { freshDatabaseUrl } from "../support/postgres.ts"
import { type ServerProcess, startServer } from "../support/server-process.ts"
import { commandId, customer, isFact, mitra, pay, type Person, send } from "./people.ts"
import { adminCall, signInAdmin } from "./staff.ts"

type Double = Effect.Success<ReturnType<typeof firebaseDouble>>

const withServer = (
  name: string,
  decide: (pushed: Pushed) => ReturnType<Parameters<typeof firebaseDouble>[0]>,
  story: (server: ServerProcess, google: Double) => Promise<void>
) =>
  it.live(name, () =>
    Effect.gen(function*() {
      const google = yield* firebaseDouble(decide)
      const server = yield* startServer(yield* freshDatabaseUrl, google.environment)
      yield* Effect.promise(() => story(server, google))
    }), 120_000)

const tokenOf = (who: Person) => `device-of-${who.id}`

const withDevice = async (who: Promise<Person>): Promise<Person> => {
  const person = await who
  await person.phone.call("devices.register", { token: tokenOf(person), platform: "android" })
  return person
}

const isTo = (who: Person, kind: string) => ({ message }: Pushed) =>
  message.token === tokenOf(who) && message.data.kind === kind

const setPaused = async (server: ServerProcess, value: boolean) =>
  adminCall(server, await signInAdmin(server), "admin.settings_write", { key: "push_paused", value })

describe("a server with Firebase", () => {
  withServer(
    "tells a mitra whose app is closed of an offer, for as long as it lasts, and not one whose app is open",
    () => taken,
    async (server, google) => {
      const ayu = await withDevice(mitra(server, 1))
      const sri = await withDevice(mitra(server, 2))
      ayu.phone.hangUp()
      const sari = await withDevice(customer(server))
      await pay(server, sari, "chat_5")
      const { event } = await sri.phone.event("the offer", (one) => one._tag === "offer", 10_000)
      const { message } = await google.arrival(isTo(ayu, "offer"))
      const { deadline_at, sent_at, session_id } = event.offer
      assert.strictEqual(message.data.session_id, session_id)
      assert.strictEqual(message.data.expires_at, deadline_at)
      const whole = (Date.parse(deadline_at) - Date.parse(sent_at)) / 1000
      assert.isAtMost(Number.parseInt(message.android.ttl), whole)
      assert.isAtMost(Number(message.apns.headers["apns-expiration"]), Date.parse(deadline_at) / 1000)
      assert.notInclude(JSON.stringify(message), "Sari")

      await sri.phone.call("mitra.accept", { command_id: commandId(), session_id })
      await sari.phone.event("paired", isFact("paired"), 10_000)
      sri.phone.hangUp()
      await send(sari, session_id, "a very private word")
      const told = await google.arrival(isTo(sri, "message"))
      assert.notInclude(JSON.stringify(told.message), "private")
      assert.deepStrictEqual(google.pushed.filter(isTo(sri, "offer")), [])
      assert.deepStrictEqual(google.pushed.filter(isTo(sari, "paired")), [])
      const { costs } = await adminCall(server, await signInAdmin(server), "admin.push_costs", { days: 1 })
      assert.sameMembers(costs.map((cost: { kind: string }) => cost.kind), ["offer", "message"])
    }
  )

  withServer(
    "tells a mitra whose open socket leads nowhere within 15 s, and not one who is heard",
    () => taken,
    async (server, google) => {
      const ayu = await withDevice(mitra(server, 1))
      const sri = await withDevice(mitra(server, 2))
      // Her phone changed networks: no close was sent, nothing arrives.
      ayu.phone.stopReading()
      const orderedAt = performance.now()
      await pay(server, await customer(server), "chat_5")
      await google.arrival(isTo(ayu, "offer"))
      assert.isBelow(performance.now() - orderedAt, 15_000)
      assert.deepStrictEqual(google.pushed.filter(isTo(sri, "offer")), [])
      ayu.phone.cut()
    }
  )

  withServer(
    "sends nothing while staff pause it, and of what was withdrawn meanwhile nothing afterwards",
    () => taken,
    async (server, google) => {
      const ayu = await withDevice(mitra(server, 1))
      const sri = await mitra(server, 2)
      ayu.phone.hangUp()
      await setPaused(server, true)
      const [sari, budi] = [await customer(server), await customer(server, "Budi")]
      const offer = async (who: Person): Promise<string> => {
        const payment_id = await pay(server, who, "chat_5")
        const { session_id } = await who.phone.call("customer.payment_status", { payment_id })
        const isIt = (one: Record<string, any>) =>
          one["_tag"] === "offer" && one["offer"].session_id === session_id
        await sri.phone.event("the offer", isIt, 10_000)
        return session_id
      }
      const withdrawn = await offer(sari)
      await sari.phone.call("customer.cancel", { command_id: commandId(), session_id: withdrawn })
      const open = await offer(budi)
      const token = await signInAdmin(server)
      const outbox = await adminCall(server, token, "admin.push_outbox", {})
      assert.deepInclude(outbox, { provider: "firebase", paused: true, dead_letters: 0 })
      assert.lengthOf(google.pushed, 0)
      await setPaused(server, false)
      const { message } = await google.arrival(isTo(ayu, "offer"))
      assert.strictEqual(message.data.session_id, open)
      assert.deepStrictEqual(
        google.pushed.filter((one) => one.message.data.session_id === withdrawn),
        []
      )
    }
  )

  let isWell = false
  withServer(
    "keeps what the provider refuses as dead letters, which staff send again once it is mended",
    () => isWell ? taken : refusal(403, "PERMISSION_DENIED", "SENDER_ID_MISMATCH"),
    async (server, google) => {
      const ayu = await withDevice(mitra(server, 1))
      ayu.phone.hangUp()
      await pay(server, await customer(server), "chat_5")
      await google.arrival(isTo(ayu, "offer"))
      const token = await signInAdmin(server)
      const letters = async () => {
        const page = await adminCall(server, token, "admin.push_dead_letters", { before: null, limit: 10 })
        return page.dead_letters
      }
      // The provider has answered; the row follows within a statement.
      let [letter] = await letters()
      for (let asked = 0; letter === undefined && asked < 50; asked += 1) [letter] = await letters()
      assert.deepInclude(letter, { kind: "offer", code: "SENDER_ID_MISMATCH", user_id: ayu.id })
      isWell = true
      const order = { command_id: commandId(), push_id: letter.push_id }
      const replayed = await adminCall(server, token, "admin.push_replay", order)
      assert.deepStrictEqual(replayed, { replayed: 1, over: 0, left: 0 })
      assert.deepStrictEqual(await adminCall(server, token, "admin.push_replay", order), replayed)
      await google.arrival((one) => one !== google.pushed[0] && isTo(ayu, "offer")(one))
      const { entries } = await adminCall(server, token, "admin.audit_log", { before: null, limit: 5 })
      assert.deepInclude(entries[0], { action: "push.replay", target_id: letter.push_id })
    }
  )
})
