// The smallest population that reaches every step of a chat: mitras who accept everything and customers who
// pay again and again. For tests of the world and of what goes wrong in it.
import * as Effect from "effect/Effect"
import { PhoneApp } from "../../simulator/clients/phone-app.ts"
import type { Answer } from "../../simulator/clients/connection.ts"
import { mitraPhone } from "../../simulator/clients/seed-data.ts"
import type { Population, RunContext } from "../../simulator/simulation.ts"

const chatter = (app: PhoneApp, sessionId: string) =>
  Effect.gen(function*() {
    const session = app.clientState.session(sessionId)
    const isRunning = () => !session.events.some(({ fact }) => fact["kind"] === "closing") && !session.isOver
    while (isRunning()) {
      const client_message_id = app.newId()
      const body = `${app.name} says ${client_message_id}`
      const sent = yield* Effect.result(
        app.call("chat.send", { session_id: sessionId, client_message_id, body })
      )
      if (sent._tag === "Success") {
        app.clientState.acknowledge(sessionId, client_message_id, body, sent.success, 0)
      }
      yield* app.until(() => !isRunning(), app.prng.between(2_000, 20_000))
    }
    yield* Effect.ignore(
      app.call("chat.goodbye", { command_id: app.newId(), session_id: sessionId, text: "bye" })
    )
  })

const mitraLife = (app: PhoneApp) =>
  Effect.gen(function*() {
    yield* Effect.forkChild(Effect.forever(
      Effect.ignore(app.call("mitra.heartbeat", {}, 20_000)).pipe(Effect.andThen(Effect.sleep("20 seconds")))
    ))
    yield* Effect.forkChild(Effect.forever(Effect.gen(function*() {
      yield* Effect.ignore(app.call("mitra.go_online", { command_id: app.newId() }))
      yield* app.until(() => app.clientState.isOnline === false, 600_000)
    })))
    const answered = new Set<string>()
    for (;;) {
      const open = () =>
        [...app.clientState.offers].find(([id, { ending }]) => ending === null && !answered.has(id))
      yield* app.until(() => open() !== undefined, 3_600_000)
      const [sessionId] = open() ?? []
      if (sessionId === undefined) continue
      answered.add(sessionId)
      yield* Effect.forkChild(Effect.gen(function*() {
        yield* Effect.sleep(app.prng.between(500, 8_000))
        const accept = { command_id: app.newId(), session_id: sessionId }
        const accepted = yield* Effect.result(app.call("mitra.accept", accept))
        if (accepted._tag === "Success") yield* chatter(app, sessionId)
      }))
    }
  })

const customerLife = (app: PhoneApp, context: RunContext, isOver: () => boolean) =>
  Effect.gen(function*() {
    yield* Effect.sleep(app.prng.between(1_000, 120_000))
    while (!isOver()) {
      const order = { command_id: app.newId(), tier_id: "chat_5", topic: "regular" }
      const ordered = yield* Effect.result(app.call("customer.create_payment", order))
      if (ordered._tag === "Success") {
        const { amount_idr, payment_id } = ordered.success
        yield* Effect.sleep(app.prng.between(1_000, 10_000))
        context.provider.take(payment_id, amount_idr)
        const mine = () =>
          [...app.clientState.sessions.values()].find(({ view }) =>
            (view as Answer)?.["payment_id"] === payment_id
          )
        const paid = yield* sessionOf(app, payment_id, mine)
        if (paid !== null) {
          const session = app.clientState.session(paid)
          const isPaired = () =>
            session.events.some(({ fact }) => fact["kind"] === "paired") || session.isOver
          yield* app.until(isPaired, 180_000)
          yield* chatter(app, paid)
        }
      }
      yield* Effect.sleep(app.prng.between(5_000, 300_000))
    }
  })

const sessionOf = (app: PhoneApp, payment_id: string, mine: () => unknown) =>
  Effect.gen(function*() {
    for (let look = 0; look < 60; look += 1) {
      const status = yield* Effect.result(app.call("customer.payment_status", { payment_id }))
      if (status._tag === "Success" && status.success["session_id"] !== null) {
        return status.success["session_id"] as string
      }
      yield* app.until(() => mine() !== undefined, 5_000)
    }
    return null
  })

export const smallPopulation = (context: RunContext): Population => {
  const { options, watcher, world } = context
  let isOver = false
  const made = (name: string, role: "customer" | "mitra", tag: string, payload: object) =>
    new PhoneApp({ world, name, role, watcher, signIn: (ask) => ask(tag, payload) as never })
  const mitras = Array.from(
    { length: options.mitras },
    (_, index) =>
      made(`mitra-${index + 1}`, "mitra", "auth.verify_code", {
        phone: mitraPhone(index + 1),
        user_type: "mitra",
        code: "000000"
      })
  )
  const customers = Array.from(
    { length: options.customers },
    (_, index) =>
      made(`customer-${index + 1}`, "customer", "auth.sign_in_anonymous", {
        call_name: `Customer ${index + 1}`
      })
  )
  return {
    apps: [...mitras, ...customers],
    begin: () => {
      for (const app of mitras) app.launch(mitraLife(app))
      for (const app of customers) app.launch(customerLife(app, context, () => isOver))
    },
    windDown: () => {
      isOver = true
    }
  }
}
