// A customer: comes by, browses, pays or does not, waits or cancels, chats, extends, and goes. A
// visit can be taken up again after the app was killed: its plan is kept outside of the app.
import * as Effect from "effect/Effect"
import { nextArrival } from "./arrivals.ts"
import { chat } from "./chatting.ts"
import { curiosity, maySignOut } from "./curiosity.ts"
import type { Answer, CallFailure } from "./connection.ts"
import { edgeDeeds } from "./edge-deeds.ts"
import { launch } from "./client-faults.ts"
import {
  type Client,
  commandOf,
  lastHeard,
  mitraOf,
  phaseOf,
  registerPhone,
  secondsAround,
  tryTo
} from "./client.ts"
import type { Tokens } from "./phone-app.ts"
import { leavesForGood, looksAtSignIns, thinksOfIt } from "./privacy.ts"
import { streamNames } from "../kernel/prng.ts"
import { devCode } from "../server/runner.ts"
import type { ClientSession } from "./client-state.ts"

export interface Customer extends Client {
  readonly phone: string
  /** What this visit is about, as far as it has come. */
  readonly plan: { payment_id: string | null; session_id: string | null; asked: number }
  readonly besties: Set<string>
  hasProvenPhone: boolean
  /** Their account is deleted: they do not come back. */
  isGone: boolean
}

const second = 1_000
const minute = 60_000

/** The money leaves the pocket in another app: nothing that happens to ours stops it. */
const pay = ({ context, prng, workload }: Customer, payment: Answer): boolean => {
  if (prng.chance(workload.pays_never_share)) return false
  const isLate = prng.chance(workload.pays_late_share)
  const mean = isLate ? workload.pays_late_by_min * minute : workload.pays_within_s * second
  const { outside, time } = context.world
  const { amount_idr, payment_id } = payment
  time.after(second + prng.exponential(mean), outside, () => context.provider.take(payment_id, amount_idr))
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
  const { app, prng, workload } = customer
  if (yield* Effect.map(tryTo(customer, "customer.pricing", {}, 30_000), (prices) => prices === null)) {
    return false
  }
  if (prng.chance(workload.watches_beacon_share)) app.connection?.follow("customer.watch_availability", {})
  if (prng.chance(0.2)) yield* tryTo(customer, "chat.sessions", { before: null, limit: 20 }, 20_000)
  if (!customer.hasProvenPhone && prng.chance(workload.proves_phone_share)) yield* provePhone(customer)
  yield* Effect.sleep(secondsAround(customer, workload.browses_s))
  const beacon = yield* tryTo(customer, "customer.availability", {}, 30_000)
  return beacon?.["available"] === true || !prng.chance(workload.leaves_when_nobody_share)
})

const tiers = ["chat_5", "chat_5", "chat_5", "chat_12", "chat_12", "chat_60"]

const spoken = ["id", "id", "en", "jv", "su"]

const order = Effect.fnUntraced(function*(customer: Customer) {
  const { app, besties, plan, prng, workload } = customer
  const again = besties.size > 0 && prng.chance(workload.same_bestie_share) ? prng.pick([...besties]) : null
  const topic = prng.chance(workload.sensitive_share) ? "sensitive" : "regular"
  const language = again === null && prng.chance(workload.language_share) ? prng.pick(spoken) : null
  const order = { command_id: app.newId(), tier_id: prng.pick(tiers), topic }
  const wanted = { ...order, target_mitra_id: again, language }
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

/** Until the payment has become a request, or for as long as a customer stays on a payment page. */
const requestOpened = Effect.fnUntraced(function*(customer: Customer, paymentId: string, willPay: boolean) {
  const { app, context, plan, workload } = customer
  const { time } = context.world
  const gives_up_at = time.now_ms +
    (willPay ? 30 * minute : secondsAround(customer, workload.gives_up_paying_min * 60))
  while (time.now_ms < gives_up_at) {
    const known = app.clientState.sessions.size
    const payment = yield* tryTo(customer, "customer.payment_status", { payment_id: paymentId }, 30_000)
    plan.session_id = payment?.["session_id"] ?? null
    if (plan.session_id !== null) return
    if (payment !== null && !["pending", "confirmed"].includes(payment["status"])) return
    yield* app.until(() => app.clientState.sessions.size > known, 5 * second)
  }
})

const pollQueue = (customer: Customer, session: ClientSession) =>
  Effect.forever(
    Effect.sleep(secondsAround(customer, customer.workload.looks_at_queue_every_s) + second).pipe(
      Effect.andThen(tryTo(customer, "customer.request_status", { session_id: session.id }, 20_000))
    )
  )

/** Waits as long as `patience_s` says, then cancels, unless a mitra accepted in that moment. */
const wait = Effect.fnUntraced(function*(customer: Customer, session: ClientSession) {
  const { app, workload } = customer
  const isWaiting = () => phaseOf(session) === "waiting"
  const polling = yield* Effect.forkChild(pollQueue(customer, session))
  if (!(yield* app.until(() => !isWaiting(), secondsAround(customer, workload.patience_s) + 5 * second))) {
    yield* tryTo(customer, "customer.cancel", commandOf(customer, session.id))
    yield* app.until(() => !isWaiting(), 3 * minute)
  }
  polling.interruptUnsafe()
})

/**
 * Asks for more time when the end is near, each time at a warning that she has not heard before, and pays for
 * it soon, or in the last second. Business being over, she lets the chat end.
 */
const extend = Effect.fnUntraced(function*(customer: Customer, session: ClientSession) {
  const { app, context, prng, workload } = customer
  const warnedAt = () => lastHeard(session, "warning")?.seq ?? 0
  for (let answered = 0; phaseOf(session) !== "over";) {
    const before = lastHeard(session, "session_resumed")?.seq ?? 0
    yield* app.until(() => warnedAt() > answered || session.isOver, 2 * 60 * minute)
    if (session.isOver || customer.isWindingDown() || !prng.chance(workload.extends_share)) return
    yield* Effect.sleep(prng.between(1, 50) * second)
    const wanted = { command_id: app.newId(), session_id: session.id, tier_id: "chat_5" }
    const payment = yield* tryTo(customer, "chat.request_extension", wanted)
    if (payment === null || prng.chance(workload.pays_never_share)) return
    yield* Effect.sleep(prng.between(0.5, 20) * second)
    context.provider.take(payment["payment_id"], payment["amount_idr"])
    const isResumed = () => (lastHeard(session, "session_resumed")?.seq ?? 0) > before
    yield* app.until(() => isResumed() || session.isOver, 10 * minute)
    if (!isResumed()) return
    answered = warnedAt()
  }
})

const endEarly = Effect.fnUntraced(function*(customer: Customer, session: ClientSession) {
  const { app, prng } = customer
  yield* app.until(() => session.isOver, prng.between(20 * second, 6 * minute))
  if (phaseOf(session) !== "running") return
  yield* tryTo(customer, "chat.end", commandOf(customer, session.id))
})

const looksAtTheClockMs = 30_000
/** Of those who are in the middle of a chat when business is over; the others let it run out. */
const leavesAtClosingShare = 0.85

/** Business being over, most do not stay for the rest of an hour. */
const leaveAtClosing = Effect.fnUntraced(function*(customer: Customer, session: ClientSession) {
  const { app, isWindingDown } = customer
  if (!app.prng.split(`closing ${session.id}`).chance(leavesAtClosingShare)) return
  while (!isWindingDown()) {
    if (yield* app.until(() => session.isOver, looksAtTheClockMs)) return
  }
  yield* app.until(() => phaseOf(session) === "running" || session.isOver, 10 * minute)
  if (phaseOf(session) === "running") yield* tryTo(customer, "chat.end", commandOf(customer, session.id))
})

const talk = Effect.fnUntraced(function*(customer: Customer, session: ClientSession) {
  const { besties, prng, workload } = customer
  const remember = () => {
    const bestie = mitraOf(session)
    if (bestie !== null) besties.add(bestie)
  }
  remember()
  yield* Effect.forkChild(extend(customer, session))
  if (prng.chance(workload.ends_early_share)) yield* Effect.forkChild(endEarly(customer, session))
  yield* Effect.forkChild(leaveAtClosing(customer, session))
  yield* chat(customer, session)
  // Perhaps another one by now.
  remember()
})

/** After a request without a mitra, or cancelled: once more on the same payment, give it up, or just go. */
const tryAgain = Effect.fnUntraced(function*(customer: Customer) {
  const { app, isWindingDown, plan, prng, workload } = customer
  plan.session_id = null
  const payment = { command_id: app.newId(), payment_id: plan.payment_id }
  const anybody = prng.chance(0.5) ? { language: null } : {}
  const mayAsk = !isWindingDown() && plan.asked < workload.asks_again_max &&
    prng.chance(workload.asks_again_share)
  yield* Effect.sleep(secondsAround(customer, 8))
  if (mayAsk) {
    plan.asked += 1
    const opened = yield* tryTo(customer, "customer.retry_request", { ...payment, ...anybody })
    plan.session_id = opened?.["session_id"] ?? null
  } else if (prng.chance(workload.abandons_share)) yield* tryTo(customer, "customer.abandon_payment", payment)
})

const inSession = Effect.fnUntraced(function*(customer: Customer, sessionId: string) {
  const { app, plan } = customer
  const session = app.clientState.session(sessionId)
  if (phaseOf(session) === "waiting") yield* wait(customer, session)
  if (phaseOf(session) === "waiting" || lastHeard(session, "paired") === null && session.isOver) {
    const isPaidFor = plan.payment_id !== null && session.isOver
    if (isPaidFor) return yield* tryAgain(customer)
    plan.session_id = null
    return
  }
  yield* talk(customer, session)
  yield* thinksOfIt(customer, session.id)
  plan.session_id = null
})

/** From wherever the plan stands; the app is put away at the end. */
const visit = (customer: Customer) =>
  Effect.gen(function*() {
    const { app, plan } = customer
    if (!(yield* app.until(() => app.isConnected, 3 * minute))) return
    yield* Effect.forkChild(registerPhone(customer))
    yield* Effect.forkChild(curiosity(customer))
    yield* Effect.forkChild(edgeDeeds(customer))
    yield* Effect.forkChild(looksAtSignIns(customer))
    if (plan.session_id === null) {
      const isNew = plan.payment_id === null
      if (isNew && (customer.isWindingDown() || !(yield* browse(customer)))) return
      const willPay = isNew ? yield* order(customer) : true
      if (plan.session_id === null && plan.payment_id !== null) {
        yield* requestOpened(customer, plan.payment_id, willPay)
      }
    }
    while (plan.session_id !== null) yield* inSession(customer, plan.session_id)
    customer.isGone = yield* leavesForGood(customer)
    if (!customer.isGone) yield* maySignOut(customer)
  })

const putAway = ({ app, plan, unsent }: Customer): void => {
  Object.assign(plan, { payment_id: null, session_id: null, asked: 0 })
  unsent.clear()
  app.close()
}

/** All visits, from now until the run winds down. */
export const customerBegins = (customer: Customer): void => {
  const { app, context, isWindingDown, workload } = customer
  const { outside, time } = context.world
  const days = app.prng.split("days")
  const faultPrng = app.prng.split(streamNames.client_faults)
  const next = () => {
    const at = nextArrival(days, time.now_ms, workload.visits_per_day)
    if (at !== null) time.at(at * 1_000, outside, come)
  }
  const leave = Effect.sync(() => {
    // From outside: an app does not end itself in the middle of its own step.
    time.after(0, outside, () => {
      putAway(customer)
      if (!customer.isGone) next()
    })
  })
  const come = () => {
    if (isWindingDown()) return
    launch(customer, faultPrng, () => app.launch(visit(customer).pipe(Effect.andThen(leave))))
  }
  next()
}
