// On which other runner an actor was reached last, as the cluster's own way there has told: who asks for it
// again takes the lane to that runner. Only a hint: a runner where it does not live any more says so.
import * as Effect from "effect/Effect"
import type { RunnerAddress, Runners } from "effect/cluster"

/** Actors; the ones noted first are forgotten first, and found again by the cluster. */
const routesMax = 50_000

type Service = Runners.Runners["Service"]

export const makeRoutes = () => {
  const routes = new Map<string, RunnerAddress.RunnerAddress>()
  const keyOf = (kind: string, id: string) => `${kind}/${id}`
  return {
    to: (kind: string, id: string): RunnerAddress.RunnerAddress | undefined => routes.get(keyOf(kind, id)),
    note: (kind: string, id: string, runner: RunnerAddress.RunnerAddress): void => {
      routes.set(keyOf(kind, id), runner)
      if (routes.size > routesMax) routes.delete(routes.keys().next().value as string)
    },
    forget: (kind: string, id: string): void => void routes.delete(keyOf(kind, id))
  }
}

export type Routes = ReturnType<typeof makeRoutes>

/** The cluster's messages to other runners, with a note of who lives where. */
export const noting = (runners: Service, routes: Routes): Service => ({
  ...runners,
  send: (options) => {
    const { address, message } = options
    const sent = runners.send(options)
    if (message._tag !== "OutgoingRequest") return sent
    const { entityId, entityType } = message.envelope.address
    return Effect.tap(sent, () => Effect.sync(() => routes.note(entityType, entityId, address)))
  }
})
