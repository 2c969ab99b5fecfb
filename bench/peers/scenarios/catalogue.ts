// All scenarios, in the order in which they run.
import type { Scenario } from "./scenario.ts"
import { beacon, heartbeat } from "./calls.ts"
import { connectStorm, idle, reconnectStorm } from "./connecting.ts"
import { message, messageReceipts, twoRunners } from "./message.ts"
import { mixedDay } from "./mixed-day.ts"
import { accept, blasts } from "./pairing.ts"

export const catalogue: ReadonlyArray<Scenario> = [
  message,
  messageReceipts,
  heartbeat,
  beacon,
  ...blasts,
  accept,
  idle,
  connectStorm,
  reconnectStorm,
  twoRunners,
  mixedDay
]

/** `blast` means every blast that is not optional; a whole name means just that one. */
export const chosen = (names: ReadonlyArray<string>): ReadonlyArray<Scenario> => {
  const isMeant = ({ name, optional = false }: Scenario, given: string) =>
    name === given || (name.startsWith(`${given}-`) && !optional)
  const unknown = names.find((given) => !catalogue.some((scenario) => isMeant(scenario, given)))
  if (unknown !== undefined) {
    throw new Error(
      `There is no scenario "${unknown}". Scenarios: ${catalogue.map(({ name }) => name).join(", ")}`
    )
  }
  return catalogue.filter((scenario) =>
    names.length === 0 ? scenario.optional !== true : names.some((given) => isMeant(scenario, given))
  )
}
