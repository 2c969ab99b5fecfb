// Faults outside the cluster: phones and their networks, and the payment provider.
import type { PhoneApp } from "../clients/phone-app.ts"
import type { Prng } from "../kernel/prng.ts"
import { type FaultContext, type FaultKind, minutes } from "./fault.ts"

const connected = ({ population }: FaultContext): ReadonlyArray<PhoneApp> =>
  population.apps.filter(({ connection, role }) => role !== "staff" && connection?.isOpen === true)

const someOf = (context: FaultContext, prng: Prng): ReadonlyArray<PhoneApp> => {
  const there = connected(context)
  const count = Math.min(there.length, prng.chance(0.1) ? there.length : prng.integer(1, 5))
  return Array.from({ length: count }, () => prng.pick(there))
}

const named = (apps: ReadonlyArray<PhoneApp>): string =>
  apps.length > 3 ? `${apps.length} phones` : apps.map(({ name }) => name).join(", ")

export const cutSockets: FaultKind = {
  name: "cut",
  says: "connections of phones break, at any moment of a call",
  every_ms: minutes(4),
  shakesTheCluster: false,
  strike: (context, prng) => {
    const apps = someOf(context, prng)
    if (apps.length === 0) return null
    for (const { connection } of apps) connection?.line?.cut()
    return { text: `${named(apps)} cut off`, lasts_ms: 0, undo: () => {} }
  }
}

export const silentLines: FaultKind = {
  name: "silence",
  says: "phones in a tunnel: nothing arrives and nobody is told",
  every_ms: minutes(8),
  shakesTheCluster: false,
  strike: (context, prng) => {
    const apps = someOf(context, prng)
    if (apps.length === 0) return null
    for (const { connection } of apps) connection?.line?.fallSilent()
    return { text: `${named(apps)} in a tunnel`, lasts_ms: 0, undo: () => {} }
  }
}

export const laggingPhones: FaultKind = {
  name: "lag",
  says: "phones whose network is slow by seconds",
  every_ms: minutes(8),
  shakesTheCluster: false,
  strike: (context, prng) => {
    const lines = someOf(context, prng).flatMap(({ connection }) => connection?.line ?? [])
    if (lines.length === 0) return null
    const ms = prng.between(300, 8_000)
    for (const line of lines) line.lag(ms)
    return {
      text: `${lines.length} phones lag by ${Math.round(ms)} ms`,
      lasts_ms: prng.between(5_000, 120_000),
      undo: () => {
        for (const line of lines) line.lag(0)
      }
    }
  }
}

export const pushDown: FaultKind = {
  name: "push-down",
  says: "the push provider answers nothing but errors",
  every_ms: minutes(30),
  shakesTheCluster: false,
  strike: ({ run }, prng) => {
    const { push } = run.world.stores
    push.isDown = true
    return {
      text: "the push provider is down",
      lasts_ms: minutes(prng.between(0.2, 10)),
      undo: () => {
        push.isDown = false
      }
    }
  }
}

export const oddPushes: FaultKind = {
  name: "push-odd",
  says: "the push provider calls tokens invalid, asks to wait, fails and rejects",
  every_ms: minutes(30),
  shakesTheCluster: false,
  strike: ({ run }, prng) => {
    const { push } = run.world.stores
    push.oddShare = prng.between(0.2, 0.9)
    return {
      text: "the push provider gives every kind of answer",
      lasts_ms: minutes(prng.between(0.5, 10)),
      undo: () => {
        push.oddShare = 0
      }
    }
  }
}

export const oddAmounts: FaultKind = {
  name: "odd-amounts",
  says: "the payment provider takes another amount than was asked for",
  every_ms: minutes(15),
  shakesTheCluster: false,
  strike: ({ run }, prng) => {
    const { faults } = run.provider
    faults.odd_amounts = prng.between(0.1, 0.5)
    return {
      text: "the payment provider takes odd amounts",
      lasts_ms: minutes(prng.between(2, 20)),
      undo: () => {
        faults.odd_amounts = 0
      }
    }
  }
}

export const oddWebhooks: FaultKind = {
  name: "webhooks",
  says: "the payment provider repeats itself, is late, and mixes up the order",
  every_ms: minutes(20),
  shakesTheCluster: false,
  strike: ({ run }, prng) => {
    const { faults } = run.provider
    faults.repeat = prng.between(0.2, 0.8)
    faults.late_ms = prng.chance(0.3) ? minutes(prng.between(1, 30)) : prng.between(500, 20_000)
    return {
      text: "the payment provider repeats itself and is late",
      lasts_ms: minutes(prng.between(2, 20)),
      undo: () => Object.assign(faults, { repeat: 0, late_ms: 0 })
    }
  }
}
