// Drain: a runner that is told to stop is gone in time; until then what it was asked is answered, and nobody
// loses a connection without a word.
import type { Answer, CallFailure, ConnectionLost } from "../../clients/connection.ts"
import type { MakeRule, Phone } from "../rule.ts"

/** DRAIN_TIMEOUT_SECONDS, and the step in which that is looked at. */
const goneWithinMs = 20_000 + 500
/** So long calls that are in flight are waited for. */
const inFlightMs = 5_000
/** The slowest journey of a sound line, and some: what was sent so long before the stop had arrived. */
const journeyMs = 300
/** Longer than a phone on a sound line needs to answer a close: whoever is cut before was told nothing. */
const closedWithinMs = 1_000
/** Come back, elsewhere. */
const goingAway = 1012
const cutOff = 1006
/** Of a WebSocket. */
const openState = 1

const isLost = (outcome: Answer | CallFailure): outcome is ConnectionLost =>
  (outcome as Answer)["_tag"] === "ConnectionLost"

export const drain: MakeRule = (context, complain) => {
  /** Since when it has been stopping, by runner; its frozen time does not count. */
  const stopping = new Map<string, number>()
  const stoppedAt = new Map<string, number>()
  const goneAt = new Map<string, number>()
  const connected = new Set<Phone>()
  const sentAt = new WeakMap<object, number>()
  let seen = 0

  const read = () => {
    for (; seen < context.runnerEvents.length; seen += 1) {
      const { at_us, runner, what } = context.runnerEvents[seen]!
      const at = Math.floor(at_us / 1000)
      if (what === "stops" && !stopping.has(runner)) {
        stopping.set(runner, at)
        stoppedAt.set(runner, at)
      }
      if (what === "is killed") stopping.delete(runner)
      if (what === "is gone" && stopping.delete(runner)) goneAt.set(runner, at)
    }
  }

  const lineOf = (phone: Phone) => phone.connection?.line ?? null

  /** From before the call until its end everything arrived, and in time. */
  const wasSound = (phone: Phone, since_ms: number): boolean => {
    const sound_us = lineOf(phone)?.soundSince_us ?? null
    return sound_us !== null && sound_us / 1000 <= since_ms && phone.process.state === "running"
  }

  return {
    sent: (_phone, _tag, payload) => void sentAt.set(payload, context.now_ms()),
    called: (phone, tag, payload, outcome) => {
      if (!isLost(outcome) || outcome.code !== goingAway) return
      read()
      const now = context.now_ms()
      const stopped = stoppedAt.get(lineOf(phone)?.runner ?? "")
      const sent = sentAt.get(payload)
      if (stopped === undefined || sent === undefined || now - stopped >= inFlightMs) return
      if (stopped - sent < journeyMs || !wasSound(phone, sent)) return
      complain(`${phone.name} asked ${tag} ${now - sent} ms ago, and was sent away without an answer`, {
        people: [phone.name]
      })
    },
    connection: (phone, what) => {
      if (what === "connected") return void connected.add(phone)
      if (!connected.delete(phone) || !what.startsWith(`over ${cutOff} `)) return
      read()
      const line = lineOf(phone)
      if (line === null) return
      const { runner } = line
      const isCut = stopping.has(runner) && wasSound(phone, context.now_ms() - closedWithinMs)
      const isLeft = goneAt.get(runner) === context.now_ms() && line.transport.wire.readyState === openState
      if (!isCut && !isLeft) return
      complain(`${runner} ${isCut ? "cut" : "ended without a word to"} ${phone.name}`, {
        people: [phone.name]
      })
    },
    onInterval: () => {
      read()
      const now = context.now_ms()
      for (const [runner, since] of stopping) {
        if (context.isFrozen(runner)) stopping.set(runner, now)
        else if (now - since > goneWithinMs) {
          stopping.delete(runner)
          complain(`${runner} was told to stop, and is still there after ${now - since} ms`)
        }
      }
    }
  }
}
