// The table of docs/operations/what-one-sees.md, and whether a server in that trouble really shows its lines.
import { assert } from "@effect/vitest"
import { read } from "../ops/prometheus.ts"
import type { ServerProcess } from "../support/server-process.ts"
import { sleep } from "../../testkit/phone.mjs"

const page = "docs/operations/what-one-sees.md"

/** What a cell quotes. */
const quoted = (cell: string | undefined): ReadonlyArray<string> =>
  [...(cell ?? "").matchAll(/`([^`]+)`/g)].map(([, text = ""]) => text)

export interface Trouble {
  readonly name: string
  readonly log: ReadonlyArray<string>
  readonly readyz: ReadonlyArray<string>
  readonly metrics: ReadonlyArray<string>
  readonly health: ReadonlyArray<string>
  readonly alerts: ReadonlyArray<string>
}

const troubleOf = (line: string): Trouble => {
  const [, name = "", log, readyz, metrics, health, alerts] = line.split("|").map((cell) => cell.trim())
  return {
    name,
    log: quoted(log),
    readyz: quoted(readyz),
    metrics: quoted(metrics),
    health: quoted(health),
    alerts: quoted(alerts)
  }
}

export const troubles = (): ReadonlyArray<Trouble> =>
  read(page).split("\n").filter((line) => line.startsWith("|")).slice(2).map(troubleOf)

const missing = async (server: ServerProcess, trouble: Trouble): Promise<ReadonlyArray<string>> => {
  const get = async (url: string) => await (await fetch(url)).text()
  const found: ReadonlyArray<readonly [string, ReadonlyArray<string>]> = [
    [server.lines.join("\n"), trouble.log],
    [await get(`${server.httpUrl}/readyz`), trouble.readyz],
    [await get(`${server.internalUrl}/metrics`), trouble.metrics],
    [await get(`${server.internalUrl}/health`), trouble.health]
  ]
  return found.flatMap(([text, lines]) => lines.filter((line) => !text.includes(line)))
}

/** All at once: log, readiness, metrics and health say it together. */
export const showsTrouble = async (
  server: ServerProcess,
  name: string,
  within_ms = 20_000
): Promise<void> => {
  const trouble = troubles().find((one) => one.name === name)
  if (trouble === undefined) throw new Error(`${page} has no line for: ${name}`)
  const giveUpAt = performance.now() + within_ms
  for (;;) {
    const still = await missing(server, trouble)
    if (still.length === 0) return
    if (performance.now() > giveUpAt) {
      const metrics = await (await fetch(`${server.internalUrl}/metrics`)).text()
      const all = metrics.split("\n").filter((line) => /failures|unready|sweep|mirror/.test(line)).join("\n")
      return assert.deepStrictEqual(still, [], `${name}\n${server.lines.join("\n")}\n${all}`)
    }
    await sleep(200)
  }
}
