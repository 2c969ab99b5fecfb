// How a command line of ours runs and ends: its problem in words on the error stream, where a supervisor and
// a person look first, and an exit code. Stopping on a signal is what a server is for: it is no failure.
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import * as Cause from "effect/Cause"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { Command } from "effect/cli"
import { explain } from "./explain.ts"

const complain = (cause: Cause.Cause<unknown>) => {
  const words = explain(cause)
  return words === null ? Effect.void : Console.error(words)
}

export const runCommandLine = <Name extends string, Input, Context, E>(
  command: Command.Command<Name, Input, Context, E, never>
): void =>
  command.pipe(
    Command.run({ version: "0.1.0" }),
    Effect.tapCause(complain),
    Effect.provide(NodeServices.layer),
    NodeRuntime.runMain({
      disableErrorReporting: true,
      teardown: (exit, onExit) => onExit(Exit.isSuccess(exit) || Cause.hasInterruptsOnly(exit.cause) ? 0 : 1)
    })
  )
