// `npm run soak`: real runners, a real Postgres and Valkey, people on real sockets, and faults drawn from a
// seed, one after the other or several at once. What was drawn can be drawn again; when things happen cannot.
// Exits with 1 when anything was lost, doubled, won twice, unpaid for or left behind.
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Effect from "effect/Effect"
import { Prng } from "../simulator/kernel/prng.ts"
import { understood } from "../testkit/command-line.mjs"
import { sleep } from "../testkit/phone.mjs"
import { allIsOver, checkEnd, checkRound } from "./checks.ts"
import { Findings } from "./findings.ts"
import { optionsOf, type SoakOptions, usage } from "./options.ts"
import { Customer, type Paid } from "./people/customer.ts"
import { type Chats, Mitra } from "./people/mitra.ts"
import { drawRound, type RoundResult, runRound } from "./rounds.ts"
import { makeSite, type Site } from "./site.ts"
import { tableOf, verdictOf } from "./table.ts"

const warmUpMs = 4_000
const overWithinMs = 120_000

const arrive = async (site: Site, { customers, mitras }: SoakOptions) => {
  const chats: Chats = new Map()
  const paid: Array<Paid> = []
  const listeners = Array.from({ length: mitras }, (_, number) => new Mitra(number, site, chats))
  await Promise.all(listeners.map((mitra, number) => mitra.arrive(number)))
  const visitors = Array.from({ length: customers }, (_, number) => new Customer(number, site, chats, paid))
  const lives = visitors.map(async (customer, number) => {
    await sleep(number * 150)
    await customer.live()
  })
  return { listeners, visitors, lives, paid }
}

const strike = async (site: Site, options: SoakOptions): Promise<ReadonlyArray<RoundResult>> => {
  const rounds: Array<RoundResult> = []
  const until = performance.now() + options.minutes * 60_000
  for (let number = 1; performance.now() < until; number++) {
    const began = performance.now()
    const result = await runRound(
      site,
      drawRound(options, number),
      new Prng(`soak/${options.seed}/when/${number}`)
    )
    rounds.push(result)
    await checkRound(site)
    const what = result.faults.map(({ text }) => text).join(" + ")
    const gap = `gap ${Math.round(result.gaps.at(-1) ?? 0)} ms`
    const calm = `calm after ${Math.round(result.calm_after_ms)} ms`
    const took = `${((performance.now() - began) / 1000).toFixed(1)} s`
    console.log(`${String(number).padStart(4)}  ${what}: ${gap}, ${calm}, ${took}`)
  }
  return rounds
}

const untilOver = async (site: Site, lives: ReadonlyArray<Promise<void>>): Promise<void> => {
  await Promise.all(lives)
  const giveUpAt = performance.now() + overWithinMs
  while (!await allIsOver(site)) {
    if (performance.now() > giveUpAt) return site.findings.violation("some sessions never ended")
    await sleep(1_000)
  }
}

/** The last runners stop as an operator stops them. */
const stopAll = (site: Site): Promise<unknown> =>
  Promise.all(site.runners.map(async (runner) => {
    const code = await runner.end("SIGTERM")
    if (code !== 0) site.findings.violation(`${runner.name} ended with ${code} at the end`)
  }))

const soak = (options: SoakOptions, folder: string) =>
  Effect.gen(function*() {
    const findings = new Findings()
    const site = yield* makeSite(options, folder, findings)
    const report = yield* Effect.promise(async () => {
      const began = performance.now()
      const { listeners, lives, paid, visitors } = await arrive(site, options)
      await sleep(warmUpMs)
      const rounds = await strike(site, options)
      for (const customer of visitors) customer.close()
      await untilOver(site, lives)
      for (const { person } of listeners) person.leave()
      await stopAll(site)
      await checkEnd(site, paid)
      return [...tableOf(rounds), ...verdictOf(site, rounds, (performance.now() - began) / 60_000)]
    })
    console.log(report.join("\n"))
    writeFileSync(join(folder, "table.txt"), `${[...findings.violations, ...report].join("\n")}\n`)
    if (findings.violations.length > 0) process.exitCode = 1
  }).pipe(Effect.scoped)

const options = understood(usage, process.argv.slice(2), optionsOf)
const folder = options.folder === null
  ? mkdtempSync(join(tmpdir(), "halobestie-soak-"))
  : resolve(options.folder)
if (existsSync(join(folder, "postgres"))) {
  throw new Error(`${folder} holds an earlier soak: a second one in it would find its people and its money`)
}
mkdirSync(folder, { recursive: true })
// Run by root, Postgres is another account and must get in; else its data would move elsewhere and stay.
chmodSync(folder, 0o755)
const remove = Effect.sync(() => options.folder === null && rmSync(folder, { recursive: true, force: true }))
// runMain, so that Ctrl-C also stops everything that was started.
NodeRuntime.runMain(Effect.ensuring(soak(options, folder), remove))
