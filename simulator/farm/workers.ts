// Worker processes that play runs: each takes one plan at a time as a line of JSON and answers with a line
// of JSON. A worker that dies loses its run only; another one takes its place.
import { type ChildProcess, fork } from "node:child_process"

export interface Workers<Plan, Report> {
  readonly run: (plan: Plan) => Promise<Report>
  readonly stop: () => void
}

/** What a worker says instead of a report when a run could not even be played. */
export class RunCrashed extends Error {}

/** `script` is started as many times as `count`; see worker.ts for the other end. */
export const startWorkers = <Plan, Report>(script: URL, count: number): Workers<Plan, Report> => {
  const idle: Array<ChildProcess> = []
  const all = new Set<ChildProcess>()
  const waiting: Array<(worker: ChildProcess) => void> = []

  const free = (worker: ChildProcess): void => {
    const next = waiting.shift()
    if (next === undefined) idle.push(worker)
    else next(worker)
  }
  const add = (): void => {
    const worker = fork(script, { stdio: ["ignore", "inherit", "inherit", "ipc"] })
    all.add(worker)
    free(worker)
  }
  for (let index = 0; index < count; index += 1) add()

  const takeWorker = (): Promise<ChildProcess> => {
    const worker = idle.pop()
    return worker === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(worker)
  }

  return {
    run: async (plan) => {
      const worker = await takeWorker()
      return new Promise<Report>((resolve, reject) => {
        const settle = () => {
          worker.off("message", onMessage)
          worker.off("exit", onExit)
        }
        const onMessage = (answer: { readonly report?: Report; readonly crash?: string }) => {
          settle()
          free(worker)
          if (answer.report === undefined) reject(new RunCrashed(answer.crash ?? "a worker answered nothing"))
          else resolve(answer.report)
        }
        const onExit = (code: number | null) => {
          settle()
          all.delete(worker)
          add()
          reject(new RunCrashed(`a worker ended with ${code} in the middle of a run`))
        }
        worker.on("message", onMessage)
        worker.on("exit", onExit)
        worker.send(plan as object)
      })
    },
    stop: () => {
      for (const worker of all) worker.kill()
    }
  }
}
