// Since when nothing is broken, told apart by whom it concerns: a customer in a tunnel, or a provider that
// repeats itself, is no excuse for the server towards everybody else.
import type { FaultPlan } from "../simulation.ts"

/** Faults of single phones (their lines tell when they are sound again) and of providers. */
const elsewhere = new Set(["cut", "silence", "lag", "webhooks", "odd-amounts", "push-down", "push-odd"])
const clocks = new Set(["skew"])
const pushes = new Set(["push-down", "push-odd"])

export interface Calm {
  /** For so long no runner, store or channel was broken. */
  readonly steadyFor_ms: () => number
  /** For so long every runner's clock was right. */
  readonly clocksTrueFor_ms: () => number
  /** For so long the push provider took everything. */
  readonly pushesTakenFor_ms: () => number
}

export const calmOf = ({ marks }: Pick<FaultPlan, "marks">, now_us: () => number): Calm => {
  /** How long ago the last fault that counts was over; 0 while there is one. */
  const since = (counts: (name: string) => boolean) => {
    const open = new Set<number>()
    let seen = 0
    let last_us = 0
    return () => {
      for (; seen < marks.length; seen += 1) if (counts(marks[seen]?.name ?? "")) open.add(seen)
      for (const index of open) {
        const over = marks[index]?.to_us ?? null
        if (over === null) continue
        last_us = Math.max(last_us, over)
        open.delete(index)
      }
      return open.size > 0 ? 0 : (now_us() - last_us) / 1000
    }
  }
  return {
    steadyFor_ms: since((name) => !elsewhere.has(name) && !clocks.has(name)),
    clocksTrueFor_ms: since((name) => clocks.has(name)),
    pushesTakenFor_ms: since((name) => pushes.has(name))
  }
}
