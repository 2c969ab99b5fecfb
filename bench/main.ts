// `npm run bench -- <name>`: measurements that stand behind decisions. Numbers depend on the machine;
// each bench compares its alternatives in one run, so the ratios travel.
import { existsSync } from "node:fs"
import { join } from "node:path"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import type * as Effect from "effect/Effect"
import { numberOf, understood } from "../testkit/command-line.mjs"

interface Bench {
  readonly load: () => Promise<{ readonly bench: Effect.Effect<void, unknown> }>
  readonly measures: string
  /** What may stand after its name; nothing unless it is said. */
  readonly takes?: string
  /** Throws when it cannot stand there. */
  readonly check?: (words: ReadonlyArray<string>) => void
}

const anotherCheckout = ([folder, ...more]: ReadonlyArray<string>): void => {
  if (more.length > 0) throw new Error(`expected one folder; given more: ${more.join(" ")}`)
  if (folder !== undefined && !existsSync(join(folder, "package.json"))) {
    throw new Error(`"${folder}" is no checkout: there is no package.json in it`)
  }
}

const wholeNumbers = (words: ReadonlyArray<string>): void => {
  for (const [index, name] of ["chats", "phones", "addresses"].entries()) {
    if (words[index] !== undefined) numberOf(name, words[index], 1)
  }
}

const oneDistance = ([late, ...more]: ReadonlyArray<string>): void => {
  if (more.length > 0) throw new Error(`expected one distance; given more: ${more.join(" ")}`)
  if (late !== undefined) numberOf("distance", late, 0)
}

const benches: Readonly<Record<string, Bench>> = {
  "availability": {
    load: () => import("./availability.ts"),
    measures: "the mirror beside the rows, with 1,000 and with 20,000 mitras online"
  },
  "calls": { load: () => import("./calls.ts"), measures: "the cheapest call beside a bare ws server" },
  "crowd": {
    load: () => import("./crowd.ts"),
    measures: "paid chats and a reconnect storm: no limit may refuse anything",
    takes: "[chats] [phones] [addresses]",
    check: wholeNumbers
  },
  "consoles": { load: () => import("./consoles.ts"), measures: "CPU of the server with 0, 1, 10 consoles" },
  "figures": { load: () => import("./figures.ts"), measures: "what it costs to count" },
  "encryption": { load: () => import("./encryption.ts"), measures: "what a key costs" },
  "far-postgres": {
    load: () => import("./far-postgres.ts"),
    measures: "how long a message waits where Postgres is far away",
    takes: "[folder of another checkout]",
    check: anotherCheckout
  },
  "gaps": {
    load: () => import("./gaps.ts"),
    measures: "how long a chat stands still when a runner dies",
    takes: "[milliseconds to Postgres, each way]",
    check: oneDistance
  },
  "group-commit": {
    load: () => import("./group-commit.ts"),
    measures: "group commit beside one transaction per turn"
  },
  "messages": {
    load: () => import("./messages.ts"),
    measures: "CPU of the whole server per chat message",
    takes: "[folder of another checkout]",
    check: anotherCheckout
  },
  "strangers": {
    load: () => import("./strangers.ts"),
    measures: "what strangers' attacks cost a paid chat, memory, other customers, a mitra",
    takes: "[folder of another checkout]",
    check: anotherCheckout
  },
  "plans": {
    load: () => import("./plans.ts"),
    measures: "what the calls of every day read and cost on millions of messages",
    takes: "[millions of messages]",
    check: ([millions, ...more]) => {
      if (more.length > 0) throw new Error(`expected one number; given more: ${more.join(" ")}`)
      if (millions !== undefined) numberOf("millions", millions, 0)
    }
  },
  "peers": {
    load: () => import("./peers/bench.ts"),
    measures: "this server beside the stack it replaces and the bare floor",
    takes: "[flags], see -- peers --help",
    check: () => {}
  }
}

const nameWidth = Math.max(...Object.keys(benches).map((name) => name.length))
const lineOf = (name: string, { measures, takes = "" }: Bench): string =>
  `  ${name.padEnd(nameWidth)}  ${measures}${takes === "" ? "" : `: ${takes}`}`

const usage = [
  "npm run bench -- <name>",
  ...Object.entries(benches).map(([name, bench]) => lineOf(name, bench))
].join("\n")

const chosen = ([name = "", ...words]: ReadonlyArray<string>): Bench => {
  const bench = Object.hasOwn(benches, name) ? benches[name] : undefined
  if (bench === undefined) throw new Error(name === "" ? "Which one?" : `There is no bench "${name}".`)
  if (bench.check === undefined && words.length > 0) {
    throw new Error(`${name} takes nothing; given: ${words.join(" ")}`)
  }
  bench.check?.(words)
  return bench
}

const args = process.argv.slice(2)
// This one has flags, and so a help, of its own.
const bench = args[0] === "peers" ? chosen(args) : understood(usage, args, chosen)
// runMain, so that Ctrl-C also stops the database that was started for the bench.
NodeRuntime.runMain((await bench.load()).bench)
