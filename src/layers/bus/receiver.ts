// What this runner hears of the others, on whichever link: delivers each payload once and in order, and
// tells the subscribers to resync whenever something may be missing. Payloads of a runner are numbered
// across its links, so a duplicate, a latecomer and a loss can be told apart.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { decode, isFrom, type Notification } from "./notification.ts"
import type { Subscriptions } from "./subscriptions.ts"

interface Peer {
  heard_at: number
  /** Of its newest payload; null when the next one counts as the first. */
  number: number | null
}

export interface Receiver {
  /** False when there was nothing to deliver: it was this runner's own. */
  readonly receive: (payload: string, now: number) => boolean
  /** A link listens (again): what was sent meanwhile is lost, and earlier silence proves nothing. */
  readonly begin: (now: number) => void
  /** Forgets runners that fell silent without a goodbye; what they published last may be lost. */
  readonly missPeers: Effect.Effect<void>
  /** How many other runners are there, as far as can be heard. */
  readonly peers: () => number
}

export const makeReceiver = (runner: string, subscriptions: Subscriptions, silenceMs: number): Receiver => {
  const peers = new Map<string, Peer>()

  const receive = (payload: string, now: number): boolean => {
    // Our own subscribers were served when we published.
    if (isFrom(runner, payload)) return false
    hear(decode(payload), now)
    return true
  }

  const hear = (heard: Notification | null, now: number): void => {
    if (heard === null) return subscriptions.resyncAll()
    const last = peers.get(heard.runner)?.number ?? null
    // Came on another link before, or too late: then its absence was noticed and made up for.
    if (last !== null && heard.number <= last) return
    if (heard.leaving) peers.delete(heard.runner)
    else peers.set(heard.runner, { heard_at: now, number: heard.number })
    if (heard.missed || (last !== null && heard.number > last + 1)) subscriptions.resyncAll()
    subscriptions.deliver(heard.messages)
  }

  return {
    receive,
    begin: (now) => {
      for (const peer of peers.values()) {
        peer.heard_at = now
        peer.number = null
      }
      subscriptions.resyncAll()
    },
    missPeers: Effect.map(Clock.currentTimeMillis, (now) => {
      const silent = [...peers].filter(([, { heard_at }]) => now - heard_at > silenceMs)
      for (const [peer] of silent) peers.delete(peer)
      if (silent.length > 0) subscriptions.resyncAll()
    }),
    peers: () => peers.size
  }
}
