// A red run as a scenario file: what each person sent and when, and what went wrong, as steps that a tester
// can read, shorten and change. Sessions, payments and people are named by their number, as ids are new.
import * as Path from "node:path"
import { fileURLToPath } from "node:url"
import type { FaultMark, SimulationResult } from "../simulation.ts"
import { replayCommand, type RunPlan } from "../run/plan.ts"
import type { Recording } from "./recording.ts"
import { diesAtThePass, failpointFaults } from "../faults/failpoints.ts"

const scriptModule = new URL("../scenarios/script.ts", import.meta.url)
const stepsMax = 4_000
/** A scenario's apps connect, sign in and keep their connection by themselves. */
const byItself =
  /^(auth\.|admin\.(sign_in|authenticate)|events\.|devices\.|mitra\.heartbeat|customer\.watch_)/
const startingMs = 10_000
const beforeReconnectingMs = 200

interface TimedStep {
  readonly at_ms: number
  readonly code: string
}

const identifierOf = (name: string): string =>
  name.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase())

/** By id: the code that finds what had this id. */
const expressionsOf = ({ context, population }: SimulationResult): ReadonlyMap<string, string> => {
  const { tables } = context.world.stores
  const known = new Map<string, string>()
  const nameOf = new Map<string, string>()
  for (const { id, name } of population.apps) {
    if (id === null) continue
    nameOf.set(id, name)
    known.set(id, `${identifierOf(name)}.app(run).id`)
  }
  const counts = new Map<string, number>()
  for (const { customer_id, id } of tables.payment_requests.values()) {
    const number = (counts.get(customer_id) ?? 0) + 1
    counts.set(customer_id, number)
    const name = nameOf.get(customer_id)
    if (name !== undefined) known.set(id, `${identifierOf(name)}.paymentId(run, ${number})`)
  }
  for (const { clientState, name, role } of population.apps) {
    if (role !== "customer") continue
    ;[...clientState.sessions.keys()].forEach((id, index) =>
      known.set(id, `${identifierOf(name)}.sessionId(run, ${index + 1})`)
    )
  }
  return known
}

const payloadCode = (value: unknown, known: ReadonlyMap<string, string>): string => {
  if (typeof value === "string") return known.get(value) ?? JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map((each) => payloadCode(each, known)).join(", ")}]`
  if (typeof value !== "object" || value === null) return JSON.stringify(value)
  const fields = Object.entries(value).map(([name, each]) => `${name}: ${payloadCode(each, known)}`)
  return fields.length === 0 ? "{}" : `{ ${fields.join(", ")} }`
}

const callSteps = (
  recording: Recording,
  known: ReadonlyMap<string, string>
): ReadonlyArray<TimedStep> => {
  const seen = new Set<string>()
  return recording.frames.flatMap(({ at_us, direction, frame, who }): ReadonlyArray<TimedStep> => {
    if (direction !== "up") return []
    const { _tag, payload, tag } = JSON.parse(frame)
    if (_tag !== "Request" || byItself.test(tag)) return []
    // A call that was repeated, with the same id: a scenario's app repeats by itself.
    const id = payload.command_id ?? payload.client_message_id
    if (id !== undefined && seen.has(`${who}/${tag}/${id}`)) return []
    seen.add(`${who}/${tag}/${id}`)
    return [{
      at_ms: at_us / 1000,
      code: `${identifierOf(who)}.sends("${tag}", (run) => (${payloadCode(payload, known)}))`
    }]
  })
}

const paymentSteps = ({ context, population }: SimulationResult, known: ReadonlyMap<string, string>) =>
  [...context.provider.taken].flatMap(([id, { amount_idr, at_ms }]): ReadonlyArray<TimedStep> => {
    const expression = known.get(id)
    const customer = context.world.stores.tables.payment_requests.get(id)?.customer_id
    const name = population.apps.find((app) => app.id === customer)?.name
    if (expression === undefined || name === undefined) return []
    const pays = `run.context.provider.take(${expression}, ${amount_idr})`
    return [{ at_ms, code: `script.expect("${name} pays", (run) => (${pays}, true))` }]
  })

/** Apps that were gone for a while: killed when their connection ended, opened before the next one. */
const connectionSteps = ({ connections }: Recording): ReadonlyArray<TimedStep> => {
  const isAway = new Set<string>()
  const hasCome = new Set<string>()
  return connections.flatMap(({ at_us, what, who }): ReadonlyArray<TimedStep> => {
    const at_ms = at_us / 1000
    if (what !== "connected") {
      if (isAway.has(who) || !hasCome.has(who)) return []
      isAway.add(who)
      return [{ at_ms, code: `${identifierOf(who)}.killsTheApp()` }]
    }
    hasCome.add(who)
    return isAway.delete(who)
      ? [{ at_ms: at_ms - beforeReconnectingMs, code: `${identifierOf(who)}.opensTheApp()` }]
      : []
  })
}

const runnerSteps: Readonly<Record<string, readonly [begin: string, end: string]>> = {
  kill: ["isKilled", "starts"],
  freeze: ["freezes", "wakes"]
}

/** Somebody starts it again before the world ends. */
const deadForMs = 10_000

/** Lines of the server are not struck in a scenario: of what they did there it has the deaths. */
const failpointSteps = ({ from_us, name, runner }: FaultMark): ReadonlyArray<TimedStep> => {
  if (name !== diesAtThePass.name || runner === null) return []
  const number = runner.split("-").at(-1)
  return [
    { at_ms: from_us / 1000, code: `script.runner(${number}).isKilled()` },
    { at_ms: from_us / 1000 + deadForMs, code: `script.runner(${number}).starts()` }
  ]
}

const faultSteps = (mark: FaultMark): ReadonlyArray<TimedStep> => {
  const { from_us, name, runner, to_us } = mark
  if (failpointFaults.some((kind) => kind.name === name)) return failpointSteps(mark)
  const [begin, end] = runnerSteps[name] ?? []
  if (begin === undefined || runner === null) {
    return [{ at_ms: from_us / 1000, code: `script.faultNamed("${name}")` }]
  }
  const number = runner.split("-").at(-1)
  return [
    { at_ms: from_us / 1000, code: `script.runner(${number}).${begin}()` },
    ...(to_us === null ? [] : [{ at_ms: to_us / 1000, code: `script.runner(${number}).${end}()` }])
  ]
}

/** `folder` is where the file will lie: its imports are written from there. */
export const scenarioFileOf = (
  plan: RunPlan,
  result: SimulationResult,
  recording: Recording,
  folder: string
): string => {
  const [violation] = result.violations
  const begins_ms = result.context.options.starts_at + startingMs
  const known = expressionsOf(result)
  const steps = [
    ...callSteps(recording, known),
    ...paymentSteps(result, known),
    ...connectionSteps(recording),
    ...result.faults.marks.flatMap(faultSteps)
  ].toSorted((a, b) => a.at_ms - b.at_ms)
  const end_ms = (violation?.at_us ?? 0) / 1000
  const script = Path.relative(folder, fileURLToPath(scriptModule))
  const people = result.population.apps.map(({ name, role }) =>
    `    const ${identifierOf(name)} = script.${role}("${name}")`
  )
  const lines = [...steps.slice(-stepsMax), { at_ms: end_ms, code: "script.expect(\"the end\", () => true)" }]
  return [
    `// Written by a run: seed ${plan.seed} breaks "${violation?.invariant}": ${
      violation?.text.split("\n")[0]
    }`,
    `// ${replayCommand(plan)}`,
    "// Latencies differ from that run's: an instant may have to be moved before the same thing breaks here.",
    `import { scenario } from "${script.startsWith(".") ? script : `./${script}`}"`,
    "",
    `export const seed${plan.seed.replaceAll(/\W/g, "_")} = scenario(`,
    `  ${JSON.stringify(`seed ${plan.seed}: ${violation?.invariant}`)},`,
    `  ${JSON.stringify(violation?.text ?? "")},`,
    "  (script) => {",
    `    script.with({ runners: ${plan.runners}, valkey: ${plan.valkey}, rules: true, mutant: ${
      JSON.stringify(plan.mutant)
    } })`,
    ...people,
    ...lines.map(({ at_ms, code }) =>
      `    script.at("${((at_ms - begins_ms) / 1000).toFixed(4)} s", ${code})`
    ),
    "  }",
    ")",
    ""
  ].join("\n")
}
