// The one loop that everything simulated runs on: ready tasks first, in the order they became ready, then
// the earliest timer. Nothing here waits for the machine, so the same seed is the same run, whatever the
// machine is busy with; only something real that is under way (a statement of a real database) is waited for.
// Processes (process.ts) decide whether what belongs to them still runs.
import { TimerHeap, type Timer } from "../../src/services/platform/timer-heap.ts"
import type { Prng } from "./prng.ts"
import type { Process } from "./process.ts"

/** More tasks than this without a timer in between is a loop that will never end. */
const tasksAtOnceMax = 5_000_000

/** Something real that is under way: virtual time may not pass `due_us` before it is over. */
export interface Hold {
  readonly due_us: number
}

export class VirtualTime {
  #now_us: number
  readonly #holds = new Set<Hold>()
  readonly #timers = new TimerHeap()
  #rounds: Array<{ readonly priority: number; tasks: Array<Process | (() => void)> }> = []
  #steps = 0
  #shuffle: { readonly share: number; readonly prng: Prng } | null = null
  /** Called after each timer and everything it set in motion. */
  afterStep: () => void = () => {}

  constructor(startMs: number) {
    this.#now_us = startMs * 1000
  }

  get now_us(): number {
    return this.#now_us
  }

  get now_ms(): number {
    return Math.floor(this.#now_us / 1000)
  }

  /** Timers fired so far. */
  get steps(): number {
    return this.#steps
  }

  get pendingTimers(): number {
    return this.#timers.size
  }

  ready(owner: Process, task: () => void, priority: number): void {
    let index = 0
    for (; index < this.#rounds.length; index += 1) {
      const bucket = this.#rounds[index]!
      if (bucket.priority === priority) {
        bucket.tasks.push(owner, task)
        return
      }
      if (bucket.priority > priority) break
    }
    this.#rounds.splice(index, 0, { priority, tasks: [owner, task] })
  }

  /** `run` happens when the time has come, unless the owner is dead by then. */
  at(due_us: number, owner: Process, run: () => void): Timer {
    return this.#timers.add(Math.max(Math.round(due_us), this.#now_us), () => owner.enter(run))
  }

  after(ms: number, owner: Process, run: () => void): Timer {
    return this.at(this.#now_us + Math.round(ms * 1000), owner, run)
  }

  cancel(timer: Timer): void {
    this.#timers.cancel(timer)
  }

  /** From now on the ready tasks of one instant and priority are mixed, in `share` of the cases. */
  shuffle(share: number, prng: Prng): void {
    this.#shuffle = share > 0 ? { share, prng } : null
  }

  hold(due_us: number): Hold {
    const hold = { due_us: Math.max(Math.round(due_us), this.#now_us) }
    this.#holds.add(hold)
    return hold
  }

  release(hold: Hold): void {
    this.#holds.delete(hold)
  }

  /** Nothing more may happen before something real is over. */
  isHeld(end_us: number): boolean {
    if (this.#holds.size === 0) return false
    const next_us = Math.min(this.#timers.peek()?.due ?? end_us, end_us)
    for (const { due_us } of this.#holds) if (due_us < next_us) return true
    return false
  }

  /** Runs what is ready until nothing is. */
  drain(): void {
    let ran = 0
    while (this.#rounds.length > 0) {
      const rounds = this.#rounds
      this.#rounds = []
      for (const { tasks } of rounds) {
        if (this.#shuffle !== null && tasks.length > 2) this.#mix(tasks, this.#shuffle)
        for (let index = 0; index < tasks.length; index += 2) {
          const owner = tasks[index] as Process
          owner.enter(tasks[index + 1] as () => void)
        }
        ran += tasks.length / 2
      }
      if (ran > tasksAtOnceMax) throw new Error("the simulation spins: tasks without end at one instant")
    }
  }

  /** Each owner stays with its task. */
  #mix(
    tasks: Array<Process | (() => void)>,
    { prng, share }: { readonly share: number; readonly prng: Prng }
  ) {
    if (!prng.chance(share)) return
    for (let last = tasks.length / 2 - 1; last > 0; last -= 1) {
      const [a, b] = [2 * last, 2 * prng.integer(0, last)]
      ;[tasks[a], tasks[a + 1], tasks[b], tasks[b + 1]] = [tasks[b]!, tasks[b + 1]!, tasks[a]!, tasks[a + 1]!]
    }
  }

  /** Fires the next timer that is due by `end_us`, and everything it sets in motion. False: there is none. */
  step(end_us: number): boolean {
    const next = this.#timers.peek()
    if (next === undefined || next.due > end_us) {
      if (end_us > this.#now_us && Number.isFinite(end_us)) this.#now_us = end_us
      return false
    }
    this.#now_us = next.due
    this.#steps += 1
    this.#timers.take()?.()
    this.drain()
    this.afterStep()
    return true
  }

  runUntil(end_us: number): void {
    this.drain()
    while (this.step(end_us));
  }
}
