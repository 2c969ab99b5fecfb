// Failpoints on the whole process: at the armed point it dies as by kill -9, or freezes once as by
// kill -STOP until the test continues it. For tests that start servers; production refuses the setting.
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Failpoints } from "../services/manual-clock/failpoints.ts"

const freeze = "freeze@"

/** Not one instruction of ours more: the signal ends, or stops, this thread somewhere in here. */
const rest = (ms: number): void => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

/** `point` or `freeze@point`, as FAULT_GATE says it; empty: no gate is armed. */
export const layer = (armed: string) => {
  if (armed === "") return Layer.empty
  const freezes = armed.startsWith(freeze)
  const armedPoint = freezes ? armed.slice(freeze.length) : armed
  let reached = false
  return Layer.succeed(Failpoints)({
    pass: (point) =>
      Effect.sync(() => {
        if (reached || point !== armedPoint) return
        reached = true
        process.kill(process.pid, freezes ? "SIGSTOP" : "SIGKILL")
        rest(freezes ? 100 : 60_000)
      })
  })
}
