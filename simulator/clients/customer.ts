// A customer: comes by, looks, pays or does not, waits or loses patience, chats, wants more, and goes. A
// visit can be taken up again after the app was killed: its plan is kept outside of the app.
import * as Effect from "effect/Effect"
import { nextArrival } from "./arrivals.ts"
import { chat } from "./chatting.ts"
import type { Answer, CallFailure } from "./connection.ts"
import { launch } from "./client-faults.ts"
import { lastHeard, mitraOf, type Person, registerPhone, secondsAround, standingOf, tryTo } from "./person.ts"
import type { Tokens } from "./phone-app.ts"
import { devCode } from "../server/runner.ts"
import type { ToldSession } from "./client-state.ts"

export interface Customer extends Person {
  readonly phone: string
  /** What this visit is about, as far as it has come. */
  readonly plan: { payment_id: string | null; session_id: string | null; asked: number }
  readonly besties: Set<string>
  hasProvenPhone: boolean
}

const second = 1_000
const minute = 60_000

/** The money leaves the pocket in another app: nothing that happens to ours stops it. */
const pay = ({ dice, habits, stage }: Customer, payment: Answer): boolean => {
  if (dice.chance(habits.pays_never_share)) return false
  const isLate = dice.chance(habits.pays_late_share)
  const mean = isLate ? habits.pays_late_by_min * minute : habits.pays_within_s * second
  const { outside, time } = stage.world
  const { amount_idr, payment_id } = payment
  time.after(second + dice.exponential(mean), outside, () => stage.provider.take(payment_id, amount_idr))
  return !isLate
}

const provePhone = Effect.fnUntraced(function*(customer: Customer) {
  const { app, phone } = customer
  const asked = yield* tryTo(customer, "auth.request_code", { phone, user_type: "customer" }, 20_000)
  if (asked === null) return
  yield* Effect.sleep(secondsAround(customer, 12))
  const proof = { phone, user_type: "customer", code: devCode }
  const tokens = yield* Effect.result(app.ask("auth.verify_code", proof))
  if (tokens._tag === "Failure") return
  customer.hasProvenPhone = true
  app.adopt(tokens.success as Tokens)
})

/** False: this visit is over before anything was ordered. */
const browse = Effect.fnUntraced(function*(customer: Customer) {
  const { app, dice, habits } = customer
  if (yield* Effect.map(tryTo(customer, "customer.pricing", {}, 30_000), (prices) => prices === null)) {
    return false
  }
  if (dice.chance(habits.watches_beacon_share)) app.connection?.follow("customer.watch_availability", {})
  if (dice.chance(0.2)) yield* tryTo(customer, "chat.sessions", { before: null, limit: 20 }, 20_000)
  if (!customer.hasProvenPhone && dice.chance(habits.proves_phone_share)) yield* provePhone(customer)
  yield* Effect.sleep(secondsAround(customer, habits.browses_s))
  const beacon = yield* tryTo(customer, "customer.availability", {}, 30_000)
  return beacon?.["available"] === true || !dice.chance(habits.leaves_when_nobody_share)
})

const tiers = ["chat_5", "chat_5", "chat_5", "chat_12", "chat_12", "chat_60"]

const order = Effect.fnUntraced(function*(customer: Customer) {
  const { app, besties, dice, habits, plan } = customer
  const again = besties.size > 0 && dice.chance(habits.same_bestie_share) ? dice.pick([...besties]) : null
  const topic = dice.chance(habits.sensitive_share) ? "sensitive" : "regular"
  const wanted = { command_id: app.newId(), tier_id: dice.pick(tiers), topic, target_mitra_id: again }
  const ordered: Answer | CallFailure = yield* Effect.match(app.call("customer.create_payment", wanted), {
    onFailure: (failure) => failure,
    onSuccess: (payment) => payment
  })
  if ("payment_id" in ordered) {
    plan.payment_id = ordered["payment_id"] as string
    return pay(customer, ordered as Answer)
  }
  const failure = ordered as CallFailure
  if (failure._tag !== "Refused") return false
  if (failure.code === "ALREADY_ACTIVE") plan.session_id = failure.details["session_id"] as string
  if (failure.code === "MITRA_NOT_FOUND" && again !== null) besties.delete(again)
  return plan.session_id !== null
})

/** Until the payment has become a request, or for as long as somebody looks at a payment page. */
const requestOpened = Effect.fnUntraced(function*(customer: Customer, paymentId: string, willPay: boolean) {
  const { app, habits, plan, stage } = customer
  const { time } = stage.world
  const gives_up_at = time.now_ms +
    (willPay ? 30 * minute : secondsAround(customer, habits.gives_up_paying_min * 60))
  while (time.now_ms < gives_up_at) {
    const known = app.told.sessions.size
    const payment = yield* tryTo(customer, "customer.payment_status", { payment_id: paymentId }, 30_000)
    plan.session_id = payment?.["session_id"] ?? null
    if (plan.session_id !== null) return
    if (payment !== null && !["pending", "confirmed"].includes(payment["status"])) return
    yield* app.until(() => app.told.sessions.size > known, 5 * second)
  }
})

const lookAtQueue = (customer: Customer, session: ToldSession) =>
  Effect.forever(
    Effect.sleep(secondsAround(customer, customer.habits.looks_at_queue_every_s) + second).pipe(
      Effect.andThen(tryTo(customer, "customer.request_status", { session_id: session.id }, 20_000))
    )
  )

/** Waits as long as the patience lasts, then cancels, unless somebody accepted in that moment. */
const wait = Effect.fnUntraced(function*(customer: Customer, session: ToldSession) {
  const { app, habits } = customer
  const isWaiting = () => standingOf(session) === "waiting"
  const looking = yield* Effect.forkChild(lookAtQueue(customer, session))
  if (!(yield* app.until(() => !isWaiting(), secondsAround(customer, habits.patience_s) + 5 * second))) {
    yield* tryTo(customer, "customer.cancel", { command_id: app.newId(), session_id: session.id })
    yield* app.until(() => !isWaiting(), 3 * minute)
  }
  looking.interruptUnsafe()
})

/** Asks for more time when the end is near, and pays for it soon, or in the last second. */
const extend = Effect.fnUntraced(function*(customer: Customer, session: ToldSession) {
  const { app, dice, habits, stage } = customer
  const warned = () => lastHeard(session, "warning") !== null
  while (standingOf(session) !== "over") {
    const before = lastHeard(session, "session_resumed")?.seq ?? 0
    yield* app.until(() => warned() || session.isOver, 2 * 60 * minute)
    if (session.isOver || !dice.chance(habits.extends_share)) return
    yield* Effect.sleep(dice.between(1, 50) * second)
    const wanted = { command_id: app.newId(), session_id: session.id, tier_id: "chat_5" }
    const payment = yield* tryTo(customer, "chat.request_extension", wanted)
    if (payment === null || dice.chance(habits.pays_never_share)) return
    yield* Effect.sleep(dice.between(0.5, 20) * second)
    stage.provider.take(payment["payment_id"], payment["amount_idr"])
    const isResumed = () => (lastHeard(session, "session_resumed")?.seq ?? 0) > before
    yield* app.until(() => isResumed() || session.isOver, 10 * minute)
    if (!isResumed()) return
  }
})

const endEarly = Effect.fnUntraced(function*(customer: Customer, session: ToldSession) {
  const { app, dice } = customer
  yield* app.until(() => session.isOver, dice.between(20 * second, 6 * minute))
  if (standingOf(session) !== "running") return
  yield* tryTo(customer, "chat.end", { command_id: app.newId(), session_id: session.id })
})

const talk = Effect.fnUntraced(function*(customer: Customer, session: ToldSession) {
  const { besties, dice, habits } = customer
  const remember = () => {
    const bestie = mitraOf(session)
    if (bestie !== null) besties.add(bestie)
  }
  remember()
  yield* Effect.forkChild(extend(customer, session))
  if (dice.chance(habits.ends_early_share)) yield* Effect.forkChild(endEarly(customer, session))
  yield* chat(customer, session)
  // Perhaps another one by now.
  remember()
})

/** After nobody was found, or a change of mind: once more on the same payment, give it up, or just go. */
const tryAgain = Effect.fnUntraced(function*(customer: Customer) {
  const { app, dice, habits, isSettled, plan } = customer
  plan.session_id = null
  const payment = { command_id: app.newId(), payment_id: plan.payment_id }
  const mayAsk = !isSettled() && plan.asked < habits.asks_again_max && dice.chance(habits.asks_again_share)
  yield* Effect.sleep(secondsAround(customer, 8))
  if (mayAsk) {
    plan.asked += 1
    const opened = yield* tryTo(customer, "customer.retry_request", payment)
    plan.session_id = opened?.["session_id"] ?? null
  } else if (dice.chance(habits.abandons_share)) yield* tryTo(customer, "customer.abandon_payment", payment)
})

const inSession = Effect.fnUntraced(function*(customer: Customer, sessionId: string) {
  const { app, plan } = customer
  const session = app.told.session(sessionId)
  if (standingOf(session) === "waiting") yield* wait(customer, session)
  if (standingOf(session) === "waiting" || lastHeard(session, "paired") === null && session.isOver) {
    const isPaidFor = plan.payment_id !== null && session.isOver
    if (isPaidFor) return yield* tryAgain(customer)
    plan.session_id = null
    return
  }
  yield* talk(customer, session)
  plan.session_id = null
})

/** From wherever the plan stands; the app is put away at the end. */
const visit = (customer: Customer) =>
  Effect.gen(function*() {
    const { app, plan } = customer
    if (!(yield* app.until(() => app.isConnected, 3 * minute))) return
    yield* Effect.forkChild(registerPhone(customer))
    if (plan.session_id === null) {
      const isNew = plan.payment_id === null
      if (isNew && (customer.isSettled() || !(yield* browse(customer)))) return
      const willPay = isNew ? yield* order(customer) : true
      if (plan.session_id === null && plan.payment_id !== null) {
        yield* requestOpened(customer, plan.payment_id, willPay)
      }
    }
    while (plan.session_id !== null) yield* inSession(customer, plan.session_id)
  })

const putAway = ({ app, plan, unsent }: Customer): void => {
  Object.assign(plan, { payment_id: null, session_id: null, asked: 0 })
  unsent.clear()
  app.close()
}

/** All visits, from now until nobody begins anything new. */
export const customerBegins = (customer: Customer): void => {
  const { app, habits, isSettled, stage } = customer
  const { outside, time } = stage.world
  const days = app.dice.split("days")
  const mishaps = app.dice.split("mishaps")
  const next = () => {
    const at = nextArrival(days, time.now_ms, habits.visits_per_day)
    if (at !== null) time.at(at * 1_000, outside, come)
  }
  const leave = Effect.sync(() => {
    // From outside: an app does not end itself in the middle of its own step.
    time.after(0, outside, () => {
      putAway(customer)
      next()
    })
  })
  const come = () => {
    if (isSettled()) return
    launch(customer, mishaps, () => app.launch(visit(customer).pipe(Effect.andThen(leave))))
  }
  next()
}
