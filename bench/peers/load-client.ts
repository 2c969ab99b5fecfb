// The bench's end of the load process: starts it, hands it one job at a time, and hears what came of it.
import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import type { Jobs } from "./load/process.ts"

type Result<Job extends keyof Jobs> = Awaited<ReturnType<Jobs[Job]>>

export interface Load {
  readonly ask: <Job extends keyof Jobs>(job: Job, asked: Parameters<Jobs[Job]>[0]) => Promise<Result<Job>>
  readonly stop: () => Promise<void>
}

interface Said {
  readonly id: number
  readonly value?: unknown
  readonly failed?: string
}

const stopped = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill("SIGKILL")
  await once(child, "exit")
}

export const startLoad = async (): Promise<Load> => {
  const child = fork(fileURLToPath(new URL("load/process.ts", import.meta.url)), {
    execArgv: [],
    serialization: "advanced"
  })
  await once(child, "message")
  const waiting = new Map<number, (said: Said) => void>()
  child.on("message", (said: Said) => waiting.get(said.id)?.(said))
  child.on("exit", (code, signal) => {
    for (const [id, hear] of waiting) hear({ id, failed: `the load ended with ${signal ?? code}` })
  })
  let lastId = 0
  return {
    ask: (job, asked) =>
      new Promise((resolve, reject) => {
        const id = ++lastId
        waiting.set(id, ({ failed, value }) => {
          waiting.delete(id)
          if (failed === undefined) resolve(value as never)
          else reject(new Error(`${job}: ${failed}`))
        })
        child.send({ id, job, asked })
      }),
    stop: () => stopped(child)
  }
}
