// `npm run bench -- peers`: this server beside the stack it replaces and the bare floor, in one run on one
// machine. Ends with one table of ratios, and with a failure when anything counted does not add up.
import { availableParallelism } from "node:os"
import { existsSync } from "node:fs"
import * as Effect from "effect/Effect"
import { understood } from "../../testkit/command-line.mjs"
import { readOptions, usage } from "./options.ts"
import { noiseLine, roundLine, table } from "./report.ts"
import { addsUp, runPeers } from "./run.ts"

export const bench = Effect.gen(function*() {
  if (!existsSync("/proc/stat")) return yield* Effect.die("This bench reads CPU times from /proc: Linux only")
  const options = yield* Effect.sync(() => understood(usage, process.argv.slice(3), readOptions))
  const { contenders, durability, rounds } = yield* runPeers(
    options,
    (round) => console.log(roundLine(round))
  )
  console.log(`\n${table(rounds, contenders)}\n`)
  console.log(
    `Medians of ${options.rounds} rounds in turn, ${options.size.seconds} s each; ` +
      `${availableParallelism()} cores, Node ${process.version}, ${durability}. ${noiseLine(rounds)}`
  )
  const wrong = rounds.filter((round) => !addsUp(round))
  if (wrong.length > 0) return yield* Effect.die(new Error(`${wrong.length} rounds do not add up, see above`))
})
