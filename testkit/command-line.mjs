// The command line of a script: help in every form people try it in, and a line that is not understood
// answered in a sentence with how it goes. Exit code 0 for help, 2 for a line that cannot be done.
import { parseArgs } from "node:util"

export const asksForHelp = (args) =>
  args[0] === "help" || args.some((word) => word === "--help" || word === "-h")

/** `--minutes -1` means -1, not a flag named 1. */
const joined = (args) =>
  args.flatMap((word, index) => {
    const isFlag = (at) => /^--[^=]+$/.test(args[at] ?? "")
    const isNegative = (at) => /^-\d/.test(args[at] ?? "")
    if (isFlag(index) && isNegative(index + 1)) return [`${word}=${args[index + 1]}`]
    return isNegative(index) && isFlag(index - 1) ? [] : [word]
  })

/** The process ends here when help was asked for, or when `read` throws what is wrong in words. */
export const understood = (usage, args, read) => {
  if (asksForHelp(args)) {
    console.log(usage)
    process.exit(0)
  }
  try {
    return read(args)
  } catch (error) {
    console.error(`${error.message}\n\n${usage}`)
    return process.exit(2)
  }
}

/** What the flags say, in the words of `parseArgs`. */
export const flagsOf = (args, options) => parseArgs({ args: joined(args), options }).values

export const numberOf = (name, text, least, most = Number.MAX_SAFE_INTEGER) => {
  const value = text.trim() === "" ? Number.NaN : Number(text)
  if (value >= least && value <= most) return value
  const limit = most === Number.MAX_SAFE_INTEGER ? `${least} at least` : `from ${least} to ${most}`
  throw new Error(`${name} cannot be "${text}"; expected a number, ${limit}`)
}

export const socketUrlOf = (name, text) => {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url?.protocol === "ws:" || url?.protocol === "wss:") return url
  throw new Error(`${name} cannot be "${text}"; expected ws://host:port/ws or wss://host/ws`)
}
