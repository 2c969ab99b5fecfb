// What is alive, as the stream `admin.watch` tells it: sessions, counts, the last hour, what needs
// somebody, and the product's time. One stream per page; after a cut it goes on where it was.
import type {
  AlertsView,
  CountsView,
  LiveSessionView,
  WatchBatch
} from "../../../src/contract/staff/console.ts"
import { follow, standing } from "./sign-in.ts"
import { makeStore, useStore } from "./store.ts"

export interface Live {
  /** True while the stream tells us; what is shown else is old, and greyed. */
  readonly isLive: boolean
  /** Null before the first batch. */
  readonly sessions: ReadonlyMap<string, LiveSessionView> | null
  readonly counts: CountsView | null
  readonly alerts: AlertsView | null
  readonly history: WatchBatch["history"]
}

const hourMs = 3_600_000
const historyMax = 400
/** The server gives a sign of life every five seconds. */
const silenceMaxMs = 14_000

const empty: Live = { isLive: false, sessions: null, counts: null, alerts: null, history: [] }
export const live = makeStore<Live>(empty)
export const useLive = (): Live => useStore(live)

let cursor: WatchBatch["cursor"] | null = null
let heardAt = 0
let clock = { server: Date.now(), here: performance.now(), rate: 1 }

/** The product's time now, by what the server last said and how fast its time runs. */
export const productNow = (): number => clock.server + (performance.now() - clock.here) * clock.rate

export const setProductTime = (now: string, rate: number): void => {
  clock = { server: Date.parse(now), here: performance.now(), rate }
}

const isOld = (batch: WatchBatch, at: string): boolean =>
  Date.parse(batch.server_now) - Date.parse(at) > hourMs

const take = (batch: WatchBatch): void => {
  const before = live.get()
  const sessions = new Map(batch.is_reset ? [] : before.sessions ?? [])
  for (const id of batch.removed) sessions.delete(id)
  for (const session of batch.sessions) sessions.set(session.session_id, session)
  const history = batch.is_reset ? batch.history : [...before.history, ...batch.history]
  cursor = batch.cursor
  heardAt = performance.now()
  setProductTime(batch.server_now, batch.rate)
  const isSame = batch.sessions.length === 0 && batch.removed.length === 0 && !batch.is_reset
  live.set({
    isLive: batch.is_fresh,
    sessions: isSame ? before.sessions : sessions,
    counts: batch.counts,
    alerts: batch.alerts,
    history: history.filter((one) => !isOld(batch, one.at)).slice(-historyMax)
  })
}

const wentSilent = () => {
  if (live.get().isLive) live.set({ ...live.get(), isLive: false })
}

let stop: (() => void) | null = null
let generation = 0

const watchAgain = (): void => {
  stop?.()
  const mine = generation
  heardAt = performance.now()
  stop = follow("admin.watch", { cursor }, (item) => take(item as WatchBatch), () => {
    wentSilent()
    if (mine === generation && standing.get().phase === "ready") {
      setTimeout(() => {
        if (mine === generation) watchAgain()
      }, 2_000)
    }
  })
}

/** Follows who is signed in: a new line is watched from where the last one ended. */
export const startWatching = (): void => {
  standing.subscribe(() => {
    const now = standing.get()
    if (now.phase !== "ready") wentSilent()
    if (now.phase === "signed_out") {
      cursor = null
      live.set(empty)
    }
    if (now.phase !== "ready" || now.generation === generation) return
    generation = now.generation
    if (now.me !== null) setProductTime(now.me.server_now, now.me.is_clock_held ? 0 : 1)
    watchAgain()
  })
  setInterval(() => {
    if (performance.now() - heardAt > silenceMaxMs) wentSilent()
  }, 1_000)
}

/** Bumped every second while the product's time runs: what counts down is drawn by it. */
export const second = makeStore(0)
setInterval(() => second.set(Math.floor(productNow() / 1000)), 250)
export const useProductNow = (): number => {
  useStore(second)
  return productNow()
}
