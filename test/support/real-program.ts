// A program of the machine's own that runs until the scope closes, and the wait until it listens.
import { type ChildProcess, spawn } from "node:child_process"
import { connect } from "node:net"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"

export const program = (
  command: string,
  args: ReadonlyArray<string>,
  env: Readonly<Record<string, string>> = {}
) =>
  Effect.acquireRelease(
    Effect.sync(() => spawn(command, [...args], { env: { ...process.env, ...env }, stdio: "ignore" })),
    (child: ChildProcess) => Effect.sync(() => void child.kill("SIGTERM"))
  )

export const whenOpen = (port: number) =>
  Effect.callback<void, Error>((resume) => {
    const socket = connect(port, "127.0.0.1")
      .once("connect", () => resume(Effect.sync(() => void socket.destroy())))
      .once("error", (error) => resume(Effect.fail(error)))
  }).pipe(Effect.retry(Schedule.spaced("50 millis")), Effect.timeout("20 seconds"), Effect.orDie)
