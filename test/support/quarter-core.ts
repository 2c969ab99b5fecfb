// A process on a quarter of a core, as a container's quota gives it: it runs for 25 ms of each 100 and stands
// still for the rest. By signals, because quotas need rights that a test does not have.
import type { ChildProcess } from "node:child_process"
import { Worker } from "node:worker_threads"
import * as Effect from "effect/Effect"

const program = `
  const { pid, onMs, offMs } = require("node:worker_threads").workerData
  const never = new Int32Array(new SharedArrayBuffer(4))
  const send = (signal) => { try { process.kill(pid, signal) } catch {} }
  for (;;) {
    send("SIGSTOP")
    Atomics.wait(never, 0, 0, offMs)
    send("SIGCONT")
    Atomics.wait(never, 0, 0, onMs)
  }
`

/** Until the scope closes. */
export const onAQuarterCore = (child: ChildProcess) =>
  Effect.acquireRelease(
    Effect.sync(() =>
      new Worker(program, { eval: true, workerData: { pid: child.pid, onMs: 25, offMs: 75 } })
    ),
    (worker) =>
      Effect.promise(async () => {
        await worker.terminate()
        child.kill("SIGCONT")
      })
  )
