// A mitra: works in shifts, answers offers in time, late, or never, chats with up to as many as she may,
// answers extensions, takes breaks, and now and then is simply gone.
import * as Effect from "effect/Effect"
import { shiftStart } from "./arrivals.ts"
import { chat } from "./chatting.ts"
import type { Answer } from "./connection.ts"
import type { Timer } from "../../src/services/platform/timer-heap.ts"
import { launch } from "./client-faults.ts"
import { lastHeard, mitraOf, type Person, registerPhone, secondsAround, standingOf, tryTo } from "./person.ts"
import type { ToldSession } from "./client-state.ts"

export interface Mitra extends Person {
  /** When she stops; extended for ever by the end of business. */
  shift: { ends_at: number; pauses: Array<number>; drops_out_at: number }
}

const second = 1_000
const minute = 60_000
const hour = 3_600_000
const day = 24 * hour

const now = ({ stage }: Mitra): number => stage.world.time.now_ms
const isOnShift = (mitra: Mitra): boolean => mitra.isSettled() || now(mitra) < mitra.shift.ends_at

const noteStatus = ({ app }: Mitra, status: Answer): void => {
  app.told.isOnline = status["is_online"]
}

/** Heartbeats, as long as each is answered. Without a fiber for each: a day is full of them. */
const beatSteadily = (mitra: Mitra) =>
  Effect.callback<void>((resume) => {
    const { app, habits, stage } = mitra
    const { time } = stage.world
    let timer: Timer | null = null
    const beat = () => app.request("mitra.heartbeat", {}, { answered, failed: () => resume(Effect.void) })
    const answered = (status: Answer) => {
      noteStatus(mitra, status)
      timer = time.after(habits.heartbeat_every_s * second, app.process, beat)
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
    yield* Effect.sleep(mitra.habits.heartbeat_every_s * second)
    yield* beatSteadily(mitra)
  }
})

const goOnline = (mitra: Mitra) => tryTo(mitra, "mitra.go_online", { command_id: mitra.app.newId() })
const goOffline = (mitra: Mitra) => tryTo(mitra, "mitra.go_offline", { command_id: mitra.app.newId() })

/** A break: offline, with the phone in the hand. */
const pause = Effect.fnUntraced(function*(mitra: Mitra) {
  yield* goOffline(mitra)
  yield* Effect.sleep(secondsAround(mitra, mitra.habits.pause_min * 60))
})

/** Online for the whole shift, whoever or whatever took her offline meanwhile. */
const stayOnline = Effect.fnUntraced(function*(mitra: Mitra) {
  const { app, habits, shift } = mitra
  while (isOnShift(mitra)) {
    yield* goOnline(mitra)
    const until = Math.min(shift.ends_at, shift.pauses[0] ?? Infinity)
    const within = mitra.isSettled() ? hour : Math.max(second, until - now(mitra))
    yield* app.until(() => app.told.isOnline === false, within)
    const pausesNow = !mitra.isSettled() && shift.pauses[0] !== undefined && now(mitra) >= shift.pauses[0]
    if (pausesNow) {
      shift.pauses.shift()
      yield* pause(mitra)
    } else if (isOnShift(mitra)) yield* Effect.sleep(secondsAround(mitra, habits.comes_back_online_within_s))
  }
  yield* goOffline(mitra)
})

const decline = (mitra: Mitra, session_id: string) =>
  tryTo(mitra, "mitra.decline", { command_id: mitra.app.newId(), session_id })

const answerOffer = Effect.fnUntraced(function*(mitra: Mitra, sessionId: string, offer: Answer) {
  const { app, dice, habits } = mitra
  if (dice.chance(habits.ignores_offer_share)) return
  const isLate = dice.chance(habits.answers_late_share)
  const thinks = isLate
    ? offer["remaining_ms"] + dice.between(-20, 3 * second)
    : secondsAround(mitra, habits.answers_within_s)
  yield* Effect.sleep(Math.max(1, thinks))
  // Her screen shows it no longer, unless her tap crosses the news.
  if (!isLate && app.told.offers.get(sessionId)?.ending !== null && !dice.chance(0.05)) return
  if (dice.chance(habits.declines_share)) return yield* decline(mitra, sessionId)
  return yield* tryTo(mitra, "mitra.accept", { command_id: app.newId(), session_id: sessionId }, 60_000)
})

const answerOffers = Effect.fnUntraced(function*(mitra: Mitra) {
  const { app } = mitra
  const checked = new Set<string>()
  for (;;) {
    const open = () => [...app.told.openOffers].find((id) => !checked.has(id))
    yield* app.until(() => open() !== undefined, day)
    const sessionId = open()
    if (sessionId === undefined) continue
    checked.add(sessionId)
    const offer = app.told.offers.get(sessionId)
    if (offer !== undefined) yield* Effect.forkChild(answerOffer(mitra, sessionId, offer.view))
  }
})

const answerExtensions = Effect.fnUntraced(function*(mitra: Mitra, session: ToldSession) {
  const { app, dice, habits } = mitra
  for (let answered = 0;;) {
    const asked = () => lastHeard(session, "extension_requested")
    yield* app.until(() => (asked()?.seq ?? 0) > answered || session.isOver, 2 * hour)
    const event = asked()
    if (session.isOver || event === null || event.seq === answered) return
    answered = event.seq
    // Who takes a chat over, or comes back to it, reads of requests that were decided long ago.
    if (standingOf(session) !== "extending") continue
    if (dice.chance(habits.ignores_extension_share)) continue
    yield* Effect.sleep(secondsAround(mitra, habits.answers_extension_within_s))
    const approve = dice.chance(habits.approves_extension_share)
    const answer = { command_id: app.newId(), session_id: session.id, extension_seq: event.seq, approve }
    yield* tryTo(mitra, "mitra.answer_extension", answer, 20_000)
  }
})

const serve = Effect.fnUntraced(function*(mitra: Mitra, session: ToldSession) {
  const { app, dice, habits } = mitra
  yield* Effect.forkChild(answerExtensions(mitra, session))
  const command = () => ({ command_id: app.newId(), session_id: session.id })
  if (dice.chance(habits.flips_topic_share)) {
    const topic = session.view?.["topic"] === "sensitive" ? "regular" : "sensitive"
    const flip = Effect.suspend(() => tryTo(mitra, "chat.topic", { ...command(), topic }))
    yield* Effect.forkChild(Effect.delay(flip, dice.between(5, 120) * second))
  }
  if (dice.chance(habits.ends_chat_share)) {
    const end = Effect.suspend(() => tryTo(mitra, "chat.end", command()))
    yield* Effect.forkChild(Effect.delay(end, dice.between(30, 240) * second))
  }
  yield* chat(mitra, session)
})

/** Every chat she is in, also those that ran on while her app was gone, and those that staff give to her. */
const serveChats = Effect.fnUntraced(function*(mitra: Mitra) {
  const { app } = mitra
  const served = new Set<string>()
  for (;;) {
    const next = () =>
      [...app.told.live].find((session) =>
        !served.has(session.id) && !["waiting", "over"].includes(standingOf(session)) &&
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
  [...app.told.live].some((session) => ["running", "extending", "closing"].includes(standingOf(session)))

const work = (mitra: Mitra) =>
  Effect.gen(function*() {
    const { app, dice } = mitra
    yield* app.until(() => app.isConnected, 5 * minute)
    yield* Effect.forkChild(registerPhone(mitra))
    yield* Effect.forkChild(heartbeats(mitra))
    yield* Effect.forkChild(answerOffers(mitra))
    yield* Effect.forkChild(serveChats(mitra))
    yield* stayOnline(mitra)
    if (dice.chance(0.5)) yield* tryTo(mitra, "mitra.requests", { before: null, limit: 50 }, 20_000)
    yield* app.until(() => !isServing(mitra), 2 * hour)
  })

const shiftOf = ({ dice, habits }: Mitra, from: number): Mitra["shift"] => {
  const ends_at = from + habits.shift_hours * hour * dice.between(0.6, 1.4)
  const count = Math.floor(dice.exponential(habits.pauses_per_shift))
  const pauses = Array.from({ length: count }, () => dice.between(from, ends_at)).toSorted((a, b) => a - b)
  const dropsOut = dice.chance(habits.drops_out_share)
  return { ends_at, pauses, drops_out_at: dropsOut ? dice.between(from, ends_at) : Infinity }
}

/** All her shifts, from now until nobody begins anything new. */
export const mitraBegins = (mitra: Mitra): void => {
  const { app, habits, isSettled, stage } = mitra
  const { outside, time } = stage.world
  const days = app.dice.split("days")
  const mishaps = app.dice.split("mishaps")
  const later = (at_ms: number, run: () => void) => time.at(Math.round(at_ms) * 1_000, outside, run)
  const put = () => time.after(0, outside, () => app.close())
  const begin = () => {
    if (isSettled() || app.isRunning) return
    mitra.shift = shiftOf(mitra, time.now_ms)
    launch(mitra, mishaps, () => app.launch(work(mitra).pipe(Effect.andThen(Effect.sync(put)))))
    if (mitra.shift.drops_out_at < mitra.shift.ends_at) later(mitra.shift.drops_out_at, dropOut)
  }
  /** Gone without a word: no app, no goodbye, back with the next shift. */
  const dropOut = () => {
    if (isSettled()) return
    mitra.shift.ends_at = time.now_ms
    app.kill()
  }
  const plan = (day_ms: number) => {
    if (isSettled()) return
    const at = shiftStart(days, day_ms, habits.shift_hours)
    if (!days.chance(habits.days_off_share)) later(Math.max(at, time.now_ms), begin)
    later(day_ms + day, () => plan(day_ms + day))
  }
  // Those whose shift would have begun before now are in the middle of it.
  const yesterday = shiftStart(days, time.now_ms - day, habits.shift_hours)
  if (yesterday + habits.shift_hours * hour > time.now_ms) {
    later(time.now_ms + days.between(0, 5 * minute), begin)
  }
  plan(time.now_ms)
}
