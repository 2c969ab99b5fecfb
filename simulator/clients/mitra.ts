// A mitra: works in shifts, answers offers in time, late, or never, chats with up to as many as she may,
// answers extensions, takes breaks, and now and then is simply gone.
import * as Effect from "effect/Effect"
import { thinksOfIt } from "./privacy.ts"
import { streamNames } from "../kernel/prng.ts"
import { shiftStart } from "./arrivals.ts"
import { chat } from "./chatting.ts"
import { curiosity, maySignOut } from "./curiosity.ts"
import { edgeDeeds } from "./edge-deeds.ts"
import type { Answer } from "./connection.ts"
import type { Timer } from "../../src/services/platform/timer-heap.ts"
import { launch } from "./client-faults.ts"
import {
  type Client,
  commandOf,
  lastHeard,
  mitraOf,
  phaseOf,
  registerPhone,
  secondsAround,
  tryTo,
  untilTheTick
} from "./client.ts"
import type { ClientSession } from "./client-state.ts"

export interface Mitra extends Client {
  /** When she stops; extended for ever by the end of business. */
  shift: { ends_at: number; pauses: Array<number>; drops_out_at: number }
}

const second = 1_000
const minute = 60_000
const hour = 3_600_000
const day = 24 * hour

const now = ({ context }: Mitra): number => context.world.time.now_ms
const isOnShift = (mitra: Mitra): boolean => mitra.isWindingDown() || now(mitra) < mitra.shift.ends_at

const noteStatus = ({ app }: Mitra, status: Answer): void => {
  app.clientState.isOnline = status["is_online"]
}

/** Heartbeats, as long as each is answered. Without a fiber for each: a day is full of them. */
const heartbeatsWhileAnswered = (mitra: Mitra) =>
  Effect.callback<void>((resume) => {
    const { app, context, workload } = mitra
    const { time } = context.world
    let timer: Timer | null = null
    const beat = () => app.request("mitra.heartbeat", {}, { answered, failed: () => resume(Effect.void) })
    const answered = (status: Answer) => {
      noteStatus(mitra, status)
      timer = time.after(workload.heartbeat_every_s * second, app.process, beat)
    }
    beat()
    return Effect.sync(() => {
      if (timer !== null) time.cancel(timer)
    })
  })

/** What was not answered is sent again a few times, on a new connection if need be. */
const heartbeats = Effect.fnUntraced(function*(mitra: Mitra) {
  for (;;) {
    const status = yield* tryTo(mitra, "mitra.heartbeat", {}, 10_000)
    if (status !== null) noteStatus(mitra, status)
    yield* Effect.sleep(mitra.workload.heartbeat_every_s * second)
    yield* heartbeatsWhileAnswered(mitra)
  }
})

const goOnline = (mitra: Mitra) => tryTo(mitra, "mitra.go_online", { command_id: mitra.app.newId() })
const goOffline = (mitra: Mitra) => tryTo(mitra, "mitra.go_offline", { command_id: mitra.app.newId() })

/** A break: offline, with the phone in the hand. */
const pause = Effect.fnUntraced(function*(mitra: Mitra) {
  yield* goOffline(mitra)
  yield* Effect.sleep(secondsAround(mitra, mitra.workload.pause_min * 60))
})

/** Online for the whole shift: she goes online again after anything that took her offline. */
const stayOnline = Effect.fnUntraced(function*(mitra: Mitra) {
  const { app, shift, workload } = mitra
  while (isOnShift(mitra)) {
    yield* goOnline(mitra)
    const until = Math.min(shift.ends_at, shift.pauses[0] ?? Infinity)
    const within = mitra.isWindingDown() ? hour : Math.max(second, until - now(mitra))
    yield* app.until(() => app.clientState.isOnline === false, within)
    const pausesNow = !mitra.isWindingDown() && shift.pauses[0] !== undefined && now(mitra) >= shift.pauses[0]
    if (pausesNow) {
      shift.pauses.shift()
      yield* pause(mitra)
    } else if (isOnShift(mitra)) {
      yield* Effect.sleep(secondsAround(mitra, workload.comes_back_online_within_s))
    }
  }
  yield* goOffline(mitra)
})

const decline = (mitra: Mitra, session_id: string) =>
  tryTo(mitra, "mitra.decline", commandOf(mitra, session_id))

/** Now and then she answers in the very moment when the time is up, or when others do. */
const atAnInstant = (mitra: Mitra, offer: Answer): number | null => {
  const { chances, workload } = mitra
  if (!chances.chance(2 * workload.at_the_tick_share)) return null
  const isLast = chances.chance(0.5)
  return untilTheTick(
    mitra,
    Date.parse(isLast ? offer["deadline_at"] : offer["sent_at"]) + (isLast ? 0 : 3_000)
  )
}

const answerOffer = Effect.fnUntraced(function*(mitra: Mitra, sessionId: string, offer: Answer) {
  const { app, prng, workload } = mitra
  if (mitra.chances.chance(0.2)) {
    yield* Effect.forkChild(tryTo(mitra, "mitra.offer_seen", { session_id: sessionId }, 5_000))
  }
  if (prng.chance(workload.ignores_offer_share)) return
  const isLate = prng.chance(workload.answers_late_share)
  const thinks = isLate
    ? offer["remaining_ms"] + prng.between(-20, 3 * second)
    : secondsAround(mitra, workload.answers_within_s)
  yield* Effect.sleep(Math.max(1, atAnInstant(mitra, offer) ?? thinks))
  // Her screen shows it no longer, unless her tap crosses the news.
  if (!isLate && app.clientState.offers.get(sessionId)?.ending !== null && !prng.chance(0.05)) return
  if (prng.chance(workload.declines_share)) return yield* decline(mitra, sessionId)
  return yield* tryTo(mitra, "mitra.accept", commandOf(mitra, sessionId), 60_000)
})

const answerOffers = Effect.fnUntraced(function*(mitra: Mitra) {
  const { app } = mitra
  const seen = new Set<string>()
  for (;;) {
    const open = () => [...app.clientState.openOffers].find((id) => !seen.has(id))
    yield* app.until(() => open() !== undefined, day)
    const sessionId = open()
    if (sessionId === undefined) continue
    seen.add(sessionId)
    const offer = app.clientState.offers.get(sessionId)
    if (offer !== undefined) yield* Effect.forkChild(answerOffer(mitra, sessionId, offer.view))
  }
})

const answerExtensions = Effect.fnUntraced(function*(mitra: Mitra, session: ClientSession) {
  const { app, prng, workload } = mitra
  for (let answered = 0;;) {
    const asked = () => lastHeard(session, "extension_requested")
    yield* app.until(() => (asked()?.seq ?? 0) > answered || session.isOver, 2 * hour)
    const event = asked()
    if (session.isOver || event === null || event.seq === answered) return
    answered = event.seq
    // Who takes a chat over, or comes back to it, reads of requests that were decided long ago.
    if (phaseOf(session) !== "extending") continue
    if (prng.chance(workload.ignores_extension_share)) continue
    const isAtTheTick = mitra.chances.chance(workload.at_the_tick_share)
    const thinks = secondsAround(mitra, workload.answers_extension_within_s)
    const last = untilTheTick(mitra, Date.parse(event.fact["deadline_at"]))
    yield* Effect.sleep(isAtTheTick ? Math.max(1, last) : thinks)
    const approve = prng.chance(workload.approves_extension_share)
    const answer = { ...commandOf(mitra, session.id), extension_seq: event.seq, approve }
    yield* tryTo(mitra, "mitra.answer_extension", answer, 20_000)
  }
})

const serve = Effect.fnUntraced(function*(mitra: Mitra, session: ClientSession) {
  const { prng, workload } = mitra
  yield* Effect.forkChild(answerExtensions(mitra, session))
  const command = () => commandOf(mitra, session.id)
  if (prng.chance(workload.flips_topic_share)) {
    const topic = session.view?.["topic"] === "sensitive" ? "regular" : "sensitive"
    const flip = Effect.suspend(() => tryTo(mitra, "chat.topic", { ...command(), topic }))
    yield* Effect.forkChild(Effect.delay(flip, prng.between(5, 120) * second))
  }
  if (prng.chance(workload.ends_chat_share)) {
    const end = Effect.suspend(() => tryTo(mitra, "chat.end", command()))
    yield* Effect.forkChild(Effect.delay(end, prng.between(30, 240) * second))
  }
  yield* chat(mitra, session)
  yield* thinksOfIt(mitra, session.id)
})

/** Every chat she is in, also those that ran on while her app was gone, and those that staff give to her. */
const serveChats = Effect.fnUntraced(function*(mitra: Mitra) {
  const { app } = mitra
  const served = new Set<string>()
  for (;;) {
    const next = () =>
      [...app.clientState.live].find((session) =>
        !served.has(session.id) && !["waiting", "over"].includes(phaseOf(session)) &&
        mitraOf(session) === app.id
      )
    yield* app.until(() => next() !== undefined, day)
    const session = next()
    if (session === undefined) continue
    served.add(session.id)
    // A chat that was taken from her may come back.
    const leave = Effect.sync(() => {
      if (session.isOver) served.delete(session.id)
    })
    yield* Effect.forkChild(Effect.ensuring(serve(mitra, session), leave))
  }
})

const isServing = ({ app }: Mitra): boolean =>
  [...app.clientState.live].some((session) => ["running", "extending", "closing"].includes(phaseOf(session)))

const work = (mitra: Mitra) =>
  Effect.gen(function*() {
    const { app, prng } = mitra
    yield* app.until(() => app.isConnected, 5 * minute)
    yield* Effect.forkChild(registerPhone(mitra))
    yield* Effect.forkChild(heartbeats(mitra))
    yield* Effect.forkChild(curiosity(mitra))
    yield* Effect.forkChild(edgeDeeds(mitra))
    yield* Effect.forkChild(answerOffers(mitra))
    yield* Effect.forkChild(serveChats(mitra))
    yield* stayOnline(mitra)
    if (prng.chance(0.5)) yield* tryTo(mitra, "mitra.requests", { before: null, limit: 50 }, 20_000)
    yield* app.until(() => !isServing(mitra), 2 * hour)
    yield* maySignOut(mitra)
  })

const shiftOf = ({ prng, workload }: Mitra, from: number): Mitra["shift"] => {
  const ends_at = from + workload.shift_hours * hour * prng.between(0.6, 1.4)
  const count = Math.floor(prng.exponential(workload.pauses_per_shift))
  const pauses = Array.from({ length: count }, () => prng.between(from, ends_at)).toSorted((a, b) => a - b)
  const dropsOut = prng.chance(workload.drops_out_share)
  return { ends_at, pauses, drops_out_at: dropsOut ? prng.between(from, ends_at) : Infinity }
}

/** All her shifts, from now until the run winds down. */
export const mitraBegins = (mitra: Mitra): void => {
  const { app, context, isWindingDown, workload } = mitra
  const { outside, time } = context.world
  const days = app.prng.split("days")
  const faultPrng = app.prng.split(streamNames.client_faults)
  const later = (at_ms: number, run: () => void) => time.at(Math.round(at_ms) * 1_000, outside, run)
  const put = () => time.after(0, outside, () => app.close())
  const begin = () => {
    if (isWindingDown() || app.isRunning) return
    mitra.shift = shiftOf(mitra, time.now_ms)
    launch(mitra, faultPrng, () => app.launch(work(mitra).pipe(Effect.andThen(Effect.sync(put)))))
    if (mitra.shift.drops_out_at < mitra.shift.ends_at) later(mitra.shift.drops_out_at, dropOut)
  }
  /** Gone without a word: no app, no goodbye, back with the next shift. */
  const dropOut = () => {
    if (isWindingDown()) return
    mitra.shift.ends_at = time.now_ms
    app.kill()
  }
  const plan = (day_ms: number) => {
    if (isWindingDown()) return
    const at = shiftStart(days, day_ms, workload.shift_hours)
    if (!days.chance(workload.days_off_share)) later(Math.max(at, time.now_ms), begin)
    later(day_ms + day, () => plan(day_ms + day))
  }
  // Those whose shift would have begun before now are in the middle of it.
  const yesterday = shiftStart(days, time.now_ms - day, workload.shift_hours)
  if (yesterday + workload.shift_hours * hour > time.now_ms) {
    later(time.now_ms + days.between(0, 5 * minute), begin)
  }
  plan(time.now_ms)
}
