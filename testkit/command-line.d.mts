// The types of what reads a script's command line, for the scripts that are TypeScript.
import type { ParseArgsConfig, parseArgs } from "node:util"

export const asksForHelp: (args: ReadonlyArray<string>) => boolean
export const understood: <Read>(
  usage: string,
  args: ReadonlyArray<string>,
  read: (args: ReadonlyArray<string>) => Read
) => Read
export const flagsOf: <const Options extends NonNullable<ParseArgsConfig["options"]>>(
  args: ReadonlyArray<string>,
  options: Options
) => ReturnType<typeof parseArgs<{ readonly options: Options }>>["values"]
export const numberOf: (name: string, text: string, least: number, most?: number) => number
export const socketUrlOf: (name: string, text: string) => URL
