// The runners as staff see them, and the drain they may order: of the runner that answers, because only a
// process itself can stop in order.
import * as Effect from "effect/Effect"
import { AdminRunnerRpcs, type AnsweringRunnerView, type RunnersView } from "../../contract/staff/runners.ts"
import { instant } from "../../contract/fields.ts"
import { refuse } from "../../domain/refusal.ts"
import { Staff } from "../../services/accounts/staff.ts"
import { RunnerRegistry } from "../../services/platform/runner-registry.ts"
import { Shutdown } from "../../services/platform/shutdown.ts"
import { answering } from "../public/handlers/answering.ts"
import { Readiness } from "../readiness.ts"
import { entryOf } from "./change-entry.ts"
import { currentStaff } from "./staff/current-staff.ts"
import { ThisRunner } from "./this-runner.ts"

const answeringRunner = Effect.gen(function*() {
  const { public_connections, started_at } = yield* ThisRunner
  const view: typeof AnsweringRunnerView.Type = {
    address: (yield* RunnerRegistry).own_address,
    started_at: instant(started_at),
    is_draining: (yield* (yield* Readiness).reasons).includes("draining"),
    public_connections: yield* public_connections
  }
  return view
})

export const runners = Effect.gen(function*() {
  yield* currentStaff
  const { members, own_address } = yield* RunnerRegistry
  const registered = yield* members
  const view: typeof RunnersView.Type = {
    answering: yield* answeringRunner,
    runners: registered.map((runner) => ({ ...runner, is_answering: runner.address === own_address }))
  }
  return view
})

const drain = Effect.fnUntraced(function*(address: string) {
  const before = yield* answeringRunner
  if (address !== before.address) {
    return yield* refuse(
      "NOT_THIS_RUNNER",
      "A runner is drained through its own internal listener: send this call to the one that is meant.",
      { given: address, answering: before.address }
    )
  }
  // Audited first, so that no runner stops unrecorded; ordering it twice does no harm.
  yield* (yield* Staff).appendAudit({
    ...(yield* entryOf("runner.drain", "runner", address)),
    before: { is_draining: before.is_draining, public_connections: before.public_connections },
    after: null
  })
  yield* (yield* Shutdown).request
  // It begins when this answer has left.
  return { ...before, is_draining: true }
})

export const layer = AdminRunnerRpcs.toLayer({
  "admin.runners": () => answering(runners),
  "admin.drain_runner": ({ address }) => answering(drain(address))
})
