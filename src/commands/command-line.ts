// How a command line of ours runs and ends: its problem in words on the error stream, where a supervisor and
// a person look first, and an exit code. Stopping on a signal is what a server is for; a command that was to
// do something did not do it.
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Console from "effect/Console"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { Command } from "effect/cli"
import { explain } from "./explain.ts"

/** As a shell has it for a program that a signal ended. */
const interruptedCode = 130
const interruptedText = "Stopped by a signal before it was done. Run the command again to finish it."

export interface Ending {
  /** A line among those of a server's log. */
  readonly asLine?: boolean
  /** It runs until it is stopped, as a server does. */
  readonly runsUntilStopped?: boolean
}

/** `noted`: what a command found wrong although it ended as it was asked to. */
export const exitCodeOf = (
  exit: Exit.Exit<unknown, unknown>,
  { runsUntilStopped = false }: Ending,
  noted: number
): number => {
  if (Exit.isSuccess(exit)) return noted
  if (!Cause.hasInterruptsOnly(exit.cause)) return 1
  return runsUntilStopped ? noted : interruptedCode
}

/** In words, or among the lines of a server's log as one of them. */
const complain = ({ asLine = false, runsUntilStopped = false }: Ending) => (cause: Cause.Cause<unknown>) =>
  Effect.flatMap(Clock.currentTimeMillis, (now) => {
    const isCut = Cause.hasInterruptsOnly(cause) && !runsUntilStopped
    const message = isCut ? interruptedText : explain(cause)
    if (message === null) return Effect.void
    if (!asLine) return Console.error(message)
    const timestamp = DateTime.formatIso(DateTime.makeUnsafe(now))
    return Console.error(JSON.stringify({ message, level: "FATAL", timestamp, service: "halobestie" }))
  })

/** `help`, `help migrate`, `migrate help`: what people type who have not met `--help` yet. */
export const withHelpFlag = (args: ReadonlyArray<string>): ReadonlyArray<string> => {
  if (args[0] === "help") return [...args.slice(1), "--help"]
  const isAsked = args.at(-1) === "help" && args.length <= 3 && !args.some((word) => word.startsWith("-"))
  return isAsked ? [...args.slice(0, -1), "--help"] : args
}

export const runCommandLine = <Name extends string, Input, Context, E>(
  command: Command.Command<Name, Input, Context, E, never>,
  ending: Ending = {}
): void =>
  Command.runWith(command, { version: "0.1.0" })(withHelpFlag(process.argv.slice(2))).pipe(
    Effect.onError(complain(ending)),
    Effect.provide(NodeServices.layer),
    NodeRuntime.runMain({
      disableErrorReporting: true,
      teardown: (exit, onExit) => onExit(exitCodeOf(exit, ending, Number(process.exitCode ?? 0)))
    })
  )
