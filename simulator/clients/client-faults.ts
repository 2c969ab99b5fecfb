// What happens to phones all day, apart from the faults of a run: the network goes, falls silent or lags, the
// system ends the app or freezes it. Their users come back after a while.
import type { Prng } from "../kernel/prng.ts"
import type { PhoneApp } from "./phone-app.ts"
import type { Client } from "./client.ts"

const hourMs = 3_600_000

type ClientFault = (client: Client, prng: Prng, comeBack: () => void) => void

const cut: ClientFault = ({ app }) => app.connection?.line?.cut()
const tunnel: ClientFault = ({ app }) => app.connection?.line?.fallSilent()

const lag: ClientFault = ({ app, context }, prng) => {
  const line = app.connection?.line
  if (line === undefined || line === null) return
  line.lag(prng.between(300, 4_000))
  const { outside, time } = context.world
  time.after(prng.between(5_000, 60_000), outside, () => line.lag(0))
}

const kill: ClientFault = ({ app, context, workload }, prng, comeBack) => {
  app.kill()
  const { outside, time } = context.world
  time.after(1_000 + prng.exponential(workload.returns_within_s * 1_000), outside, comeBack)
}

/** The system freezes the app in the background: nothing runs, nothing answers. */
const nap: ClientFault = ({ app, context, workload }, prng) => {
  const { process } = app
  const { outside, time } = context.world
  process.freeze()
  time.after(prng.exponential(workload.nap_s * 1_000), outside, () => process.wake())
}

const shares = ({ workload }: Client): ReadonlyArray<readonly [number, ClientFault]> => [
  [workload.cuts_per_hour, cut],
  [workload.tunnels_per_hour, tunnel],
  [workload.lags_per_hour, lag],
  [workload.kills_per_hour, kill],
  [workload.naps_per_hour, nap]
]

const drawn = (
  choices: ReadonlyArray<readonly [number, ClientFault]>,
  total: number,
  prng: Prng
): ClientFault => {
  let left = prng.fraction() * total
  for (const [rate, fault] of choices) {
    left -= rate
    if (left < 0) return fault
  }
  return cut
}

const isSameApp = (app: PhoneApp, before: PhoneApp["process"]): boolean =>
  app.isRunning && app.process === before

/** Starts the app, and draws the client faults that happen while it is open. */
export const launch = (client: Client, prng: Prng, live: () => void): void => {
  const { app, context, isWindingDown } = client
  const choices = shares(client)
  const total = choices.reduce((sum, [rate]) => sum + rate, 0)
  const { outside, time } = context.world
  live()
  const { process } = app
  const happen = () => {
    if (isWindingDown() || !isSameApp(app, process)) return
    if (process.state === "running") {
      drawn(choices, total, prng)(client, prng, () => {
        if (!app.isRunning) launch(client, prng, live)
      })
    }
    next()
  }
  const next = () => {
    if (total > 0) time.after(prng.exponential(hourMs / total), outside, happen)
  }
  next()
}
