// What happens to phones all day without anybody's fault: the network goes, a tunnel swallows it, it lags,
// the system ends the app or puts it to sleep. Their owners come back after a while.
import type { Dice } from "../kernel/prng.ts"
import type { App } from "./phone-app.ts"
import type { Person } from "./person.ts"

const hourMs = 3_600_000

type Mishap = (person: Person, dice: Dice, comeBack: () => void) => void

const cut: Mishap = ({ app }) => app.connection?.line?.cut()
const tunnel: Mishap = ({ app }) => app.connection?.line?.fallSilent()

const lag: Mishap = ({ app, stage }, dice) => {
  const line = app.connection?.line
  if (line === undefined || line === null) return
  line.lag(dice.between(300, 4_000))
  const { outside, time } = stage.world
  time.after(dice.between(5_000, 60_000), outside, () => line.lag(0))
}

const kill: Mishap = ({ app, habits, stage }, dice, comeBack) => {
  app.kill()
  const { outside, time } = stage.world
  time.after(1_000 + dice.exponential(habits.returns_within_s * 1_000), outside, comeBack)
}

/** The system freezes the app in the background: nothing runs, nothing answers. */
const nap: Mishap = ({ app, habits, stage }, dice) => {
  const { process } = app
  const { outside, time } = stage.world
  process.freeze()
  time.after(dice.exponential(habits.nap_s * 1_000), outside, () => process.wake())
}

const shares = ({ habits }: Person): ReadonlyArray<readonly [number, Mishap]> => [
  [habits.cuts_per_hour, cut],
  [habits.tunnels_per_hour, tunnel],
  [habits.lags_per_hour, lag],
  [habits.kills_per_hour, kill],
  [habits.naps_per_hour, nap]
]

const drawn = (choices: ReadonlyArray<readonly [number, Mishap]>, total: number, dice: Dice): Mishap => {
  let left = dice.fraction() * total
  for (const [rate, mishap] of choices) {
    left -= rate
    if (left < 0) return mishap
  }
  return cut
}

const isSameApp = (app: App, before: App["process"]): boolean => app.isRunning && app.process === before

/** Starts the app, and whatever is going to happen to it while it is open. */
export const launch = (person: Person, dice: Dice, live: () => void): void => {
  const { app, isSettled, stage } = person
  const choices = shares(person)
  const total = choices.reduce((sum, [rate]) => sum + rate, 0)
  const { outside, time } = stage.world
  live()
  const { process } = app
  const happen = () => {
    if (isSettled() || !isSameApp(app, process)) return
    if (process.state === "running") {
      drawn(choices, total, dice)(person, dice, () => {
        if (!app.isRunning) launch(person, dice, live)
      })
    }
    next()
  }
  const next = () => {
    if (total > 0) time.after(dice.exponential(hourMs / total), outside, happen)
  }
  next()
}
