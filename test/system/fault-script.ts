// A script that survives its server: each step runs against a process that dies at an armed failpoint,
// then repeated, as phones repeat what was not answered, against the next process on the same database.
import { assert } from "@effect/vitest"
import { randomUUID } from "node:crypto"
import * as Effect from "effect/Effect"
import { freshDatabaseUrl } from "../support/postgres.ts"
import {
  freePorts,
  type Ports,
  seedDatabase,
  type ServerProcess,
  spawnRunner,
  whenReady
} from "../support/server-process.ts"
import { type Phone, Refused } from "../../testkit/phone.mjs"
import { type Person, reconnected } from "./people.ts"
import { type Books, booksOf } from "./fault-books.ts"

// Generous for a busy machine: at the gate the process dies within milliseconds.
const reachedWithinMs = 20_000

/** An event of a session that a phone received, on any of its connections. */
export interface ReceivedEvent {
  readonly session_id: string
  readonly seq: number
  readonly at: string
  readonly fact: { readonly kind: string }
}

export interface ScriptContext {
  server: ServerProcess
  readonly books: Books
  readonly people: Map<string, Person>
  readonly received: Map<string, Array<ReceivedEvent>>
  /** Phones whose connection has ended and whose log is kept. */
  readonly over: WeakSet<Phone>
  /** What the script found out: ids of payments and sessions, by name. */
  readonly facts: Map<string, string>
  /** The same action, repeated, has the same id. */
  readonly id: (action: string) => string
  readonly who: (name: string) => Person
  readonly fact: (name: string) => string
}

export interface Step {
  readonly name: string
  /** Where the process dies during the step: once at each gate, in this order. None: it does not die. */
  readonly gates: ReadonlyArray<string>
  /** Repeated in every life until it is through; so it must be what a phone or a provider may repeat. */
  readonly act: (context: ScriptContext) => Promise<unknown>
  /** No phone repeats the step after the last death: the server must do by itself what is left to do. */
  readonly isGivenUp?: boolean
}

interface Life {
  readonly before: ReadonlyArray<Step>
  readonly step: Step
  readonly gate: string
}

const livesOf = (steps: ReadonlyArray<Step>) => {
  const lives: Array<Life> = []
  let waiting: Array<Step> = []
  for (const step of steps) {
    for (const gate of step.gates) {
      lives.push({ before: waiting, step, gate })
      waiting = []
    }
    if (step.isGivenUp !== true) waiting.push(step)
  }
  return { lives, rest: waiting }
}

const known = <A>(found: A | undefined, name: string): A => found ?? assert.fail(`nobody knows ${name} yet`)

const makeContext = (server: ServerProcess, books: Books): ScriptContext => {
  const ids = new Map<string, string>()
  const people = new Map<string, Person>()
  const facts = new Map<string, string>()
  return {
    server,
    books,
    people,
    received: new Map(),
    over: new WeakSet(),
    facts,
    id: (action) => {
      const id = ids.get(action) ?? randomUUID()
      ids.set(action, id)
      return id
    },
    who: (name) => known(people.get(name), name),
    fact: (name) => known(facts.get(name), name)
  }
}

/** Keeps what the phones of the last life received, and checks that it came in order. */
const hangUp = (context: ScriptContext): void => {
  for (const [name, { phone }] of context.people) {
    // A process that died while it started never saw this phone: what it received is kept already.
    if (context.over.has(phone)) continue
    context.over.add(phone)
    const received = context.received.get(name) ?? []
    for (const { event } of phone.log) if (event._tag === "session") received.push(event)
    context.received.set(name, received)
    assert.strictEqual(phone.doubled + phone.skipped, 0, `${name}'s stream has doubles or gaps`)
    phone.hangUp()
  }
}

/** A person who may not connect again has been signed out: the script's facts say so. */
const comeBack = async (context: ScriptContext): Promise<void> => {
  for (const [name, person] of context.people) {
    const back = await reconnected(person, context.server).catch((error: unknown) => {
      if (!(error instanceof Refused) || error.code !== "TOKEN_INVALID") throw error
      return null
    })
    if (back === null) {
      context.people.delete(name)
      context.facts.set(`${name} is signed out`, "true")
      continue
    }
    context.people.set(name, back)
    if (name.startsWith("mitra:")) await back.phone.call("mitra.heartbeat", {})
  }
}

const runSteps = async (context: ScriptContext, steps: ReadonlyArray<Step>): Promise<void> => {
  await comeBack(context)
  for (const step of steps) await step.act(context)
}

const log = (context: ScriptContext): string => context.server.lines.join("\n")

/** One process that must die at its gate, wherever it stands then: starting, in the act, or after it. */
const liveAndDie = (context: ScriptContext, { before, gate, step }: Life) =>
  Effect.gen(function*() {
    const where = `${step.name}, at ${gate}`
    const { child } = context.server
    const dead = new Promise<"died">((resolve) => void child.once("close", () => resolve("died")))
    const life = Effect.runPromise(whenReady(context.server)).then(() => runSteps(context, [...before, step]))
    const outcome = yield* Effect.promise(() =>
      Promise.race([dead, life.then(() => "through" as const, (error: Error) => error)])
    )
    // A lost connection is what a death looks like; a refusal, or something that is not so, is a finding.
    if (outcome instanceof Error && (outcome instanceof Refused || outcome.name === "AssertionError")) {
      assert.fail(`${where}: ${outcome.stack}\n${log(context)}`)
    }
    yield* Effect.promise(() => dead).pipe(
      Effect.timeoutOrElse({
        duration: reachedWithinMs,
        orElse: () =>
          Effect.sync(() => {
            const what = outcome instanceof Error ? outcome.stack : outcome
            assert.fail(`${where}: the gate was not reached: ${what}\n${log(context)}`)
          })
      })
    )
    assert.strictEqual(child.signalCode, "SIGKILL", `${where}\n${log(context)}`)
    yield* Effect.promise(() => life.catch(() => {}))
    hangUp(context)
    yield* Effect.promise(() => context.books.assertAlways(where))
  })

type Numbers = Readonly<Record<string, number>>

const prepare = async (books: Books, settings: Numbers, tiers: Numbers): Promise<void> => {
  for (const [key, value] of Object.entries(settings)) {
    await books.query(`INSERT INTO settings (key, value, updated_at) VALUES ('${key}', '${value}', now())`)
  }
  for (const [id, seconds] of Object.entries(tiers)) {
    await books.query(`INSERT INTO pricing_tiers (id, label, mode, duration_seconds, price_idr, updated_at)
      VALUES ('${id}', '${id}', 'chat', ${seconds}, 1000, now())`)
  }
}

/** Runs all lives, then the rest against a process without a gate, and checks the books at the end. */
export const runScript = Effect.fnUntraced(function*(
  steps: ReadonlyArray<Step>,
  settings: Numbers,
  tiers: Numbers = {}
) {
  const url = yield* freshDatabaseUrl
  yield* seedDatabase(url)
  const books = yield* booksOf(url)
  yield* Effect.promise(() => prepare(books, settings, tiers))
  const ports: Ports = yield* Effect.promise(() => freePorts(true))
  const { lives, rest } = livesOf(steps)
  let context: ScriptContext | null = null
  for (const life of lives) {
    const server = yield* spawnRunner(url, ports, { FAULT_GATE: life.gate })
    context ??= makeContext(server, books)
    context.server = server
    yield* liveAndDie(context, life)
  }
  const server = yield* spawnRunner(url, ports)
  const last = known(context ?? undefined, "a server")
  last.server = server
  yield* whenReady(server)
  yield* Effect.promise(() => runSteps(last, rest))
  hangUp(last)
  yield* Effect.promise(() => books.assertAtEnd(last.received))
  return last
})
