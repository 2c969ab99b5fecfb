// One round of a soak: what the seed draws for it strikes, alone or with others, is undone, and then the
// service must become calm again within a bound. Gives how long phones waited meanwhile.
import { availableParallelism, loadavg } from "node:os"
import { Prng } from "../simulator/kernel/prng.ts"
import { sleep } from "../testkit/phone.mjs"
import { type Drawn, drawFault } from "./faults.ts"
import type { SoakOptions } from "./options.ts"
import type { Site } from "./site.ts"

/** Everything that was drawn is over by then, long waits of clients included. */
const calmWithinMs = 45_000
const isLongWaitMs = 600
const noticedWithinMs = 1_000
const togetherWithinMs = 1_500

export interface RoundResult {
  readonly faults: ReadonlyArray<Drawn>
  /**
   * Each phone's longest wait for the acknowledgement of a message, from the first strike until all was calm;
   * the shortest first.
   */
  readonly gaps: ReadonlyArray<number>
  readonly calm_after_ms: number
}

/** Round so and so of a seed, whatever came before it. */
export const drawRound = (
  { faults, isCombined, seed }: SoakOptions,
  number: number
): ReadonlyArray<Drawn> => {
  const prng = new Prng(`soak/${seed}/${isCombined(number) ? "combined" : "single"}/${number}`)
  const count = isCombined(number) ? prng.integer(2, 3) : 1
  const drawn: Array<Drawn> = []
  for (let tries = 0; drawn.length < count && tries < 50; tries++) {
    const next = drawFault(prng.split(tries), faults)
    const clashes = (one: Drawn) =>
      one.place === next.place ||
      [one.place, next.place].includes("runners") && /runner/.test(one.place + next.place)
    if (!drawn.some(clashes)) drawn.push(next)
  }
  return drawn
}

const untilCalm = async (site: Site): Promise<number> => {
  const began = performance.now()
  // Who writes next notices what is wrong.
  await sleep(noticedWithinMs)
  for (;;) {
    const took = performance.now() - began
    if (site.runners.every(({ isReady }) => isReady) && site.findings.longestOpenWait() < isLongWaitMs) {
      return took
    }
    if (took > calmWithinMs) {
      const ready = site.runners.map(({ isReady, name }) => `${name} ${isReady ? "ready" : "not ready"}`)
      const wait = Math.round(site.findings.longestOpenWait())
      // On a machine with more to do than this soak, everything waits.
      const load = `load ${loadavg()[0]!.toFixed(1)} on ${availableParallelism()} cores`
      site.findings.violation(
        `not calm ${calmWithinMs} ms after the last fault: ${ready.join(", ")}; ${wait} ms; ${load}`
      )
      return took
    }
    await sleep(100)
  }
}

export const runRound = async (
  site: Site,
  faults: ReadonlyArray<Drawn>,
  prng: Prng
): Promise<RoundResult> => {
  const from = performance.now()
  await Promise.all(faults.map(async (fault, index) => {
    await sleep(index === 0 ? 0 : prng.integer(0, togetherWithinMs))
    await fault.strike(site)
    await sleep(fault.last_ms)
    await fault.undo(site)
  }))
  const calm_after_ms = await untilCalm(site)
  return { faults, gaps: site.findings.gapsSince(from), calm_after_ms }
}
