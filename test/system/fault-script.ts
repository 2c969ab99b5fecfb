// A story that survives its server: each step is played against a process that dies at an armed fault gate,
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

/** What a phone was told of its sessions, over all its connections. */
export interface Told {
  readonly session_id: string
  readonly seq: number
  readonly at: string
  readonly fact: { readonly kind: string }
}

export interface Stage {
  server: ServerProcess
  readonly books: Books
  readonly people: Map<string, Person>
  readonly told: Map<string, Array<Told>>
  /** Phones whose connection has ended and whose log is kept. */
  readonly over: WeakSet<Phone>
  /** What the story found out: ids of payments and sessions, by name. */
  readonly facts: Map<string, string>
  /** The same action, repeated, has the same id. */
  readonly id: (action: string) => string
  readonly who: (name: string) => Person
  readonly fact: (name: string) => string
}

export interface Step {
  readonly name: string
  /** Where the process dies while this is done: once at each, in this order. None: it is just done. */
  readonly gates: ReadonlyArray<string>
  /** Repeated in every life until it is through; so it must be what a phone or a provider may repeat. */
  readonly act: (stage: Stage) => Promise<unknown>
  /** Nobody asks again after the last death: whatever is left to do, the server does by itself. */
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

const makeStage = (server: ServerProcess, books: Books): Stage => {
  const ids = new Map<string, string>()
  const people = new Map<string, Person>()
  const facts = new Map<string, string>()
  return {
    server,
    books,
    people,
    told: new Map(),
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

/** Keeps what the phones of the last life were told, and that they were told it in order. */
const hangUp = (stage: Stage): void => {
  for (const [name, { phone }] of stage.people) {
    // A process that died while it started never saw this phone: what it was told is kept already.
    if (stage.over.has(phone)) continue
    stage.over.add(phone)
    const told = stage.told.get(name) ?? []
    for (const { event } of phone.log) if (event._tag === "session") told.push(event)
    stage.told.set(name, told)
    assert.strictEqual(phone.doubled + phone.skipped, 0, `${name}'s stream has doubles or gaps`)
    phone.hangUp()
  }
}

/** Who may not come back has been signed out, which is a fact of the story, too. */
const comeBack = async (stage: Stage): Promise<void> => {
  for (const [name, person] of stage.people) {
    const back = await reconnected(person, stage.server).catch((error: unknown) => {
      if (!(error instanceof Refused) || error.code !== "TOKEN_INVALID") throw error
      return null
    })
    if (back === null) {
      stage.people.delete(name)
      stage.facts.set(`${name} is signed out`, "true")
      continue
    }
    stage.people.set(name, back)
    if (name.startsWith("mitra:")) await back.phone.call("mitra.heartbeat", {})
  }
}

const playing = async (stage: Stage, steps: ReadonlyArray<Step>): Promise<void> => {
  await comeBack(stage)
  for (const step of steps) await step.act(stage)
}

const log = (stage: Stage): string => stage.server.lines.join("\n")

/** One process that must die at its gate, wherever it stands then: starting, in the act, or after it. */
const liveAndDie = (stage: Stage, { before, gate, step }: Life) =>
  Effect.gen(function*() {
    const where = `${step.name}, at ${gate}`
    const { child } = stage.server
    const dead = new Promise<"died">((resolve) => void child.once("close", () => resolve("died")))
    const life = Effect.runPromise(whenReady(stage.server)).then(() => playing(stage, [...before, step]))
    const outcome = yield* Effect.promise(() =>
      Promise.race([dead, life.then(() => "through" as const, (error: Error) => error)])
    )
    // A lost connection is what a death looks like; a refusal, or something that is not so, is a finding.
    if (outcome instanceof Error && (outcome instanceof Refused || outcome.name === "AssertionError")) {
      assert.fail(`${where}: ${outcome.stack}\n${log(stage)}`)
    }
    yield* Effect.promise(() => dead).pipe(
      Effect.timeoutOrElse({
        duration: reachedWithinMs,
        orElse: () =>
          Effect.sync(() => {
            const what = outcome instanceof Error ? outcome.stack : outcome
            assert.fail(`${where}: the gate was not reached: ${what}\n${log(stage)}`)
          })
      })
    )
    assert.strictEqual(child.signalCode, "SIGKILL", `${where}\n${log(stage)}`)
    yield* Effect.promise(() => life.catch(() => {}))
    hangUp(stage)
    yield* Effect.promise(() => stage.books.standing(where))
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

/** Plays all lives, then the rest against a process without a gate, and closes the books. */
export const playStory = Effect.fnUntraced(function*(
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
  let stage: Stage | null = null
  for (const life of lives) {
    const server = yield* spawnRunner(url, ports, { FAULT_GATE: life.gate })
    stage ??= makeStage(server, books)
    stage.server = server
    yield* liveAndDie(stage, life)
  }
  const server = yield* spawnRunner(url, ports)
  const last = known(stage ?? undefined, "a stage")
  last.server = server
  yield* whenReady(server)
  yield* Effect.promise(() => playing(last, rest))
  hangUp(last)
  yield* Effect.promise(() => books.closed(last.told))
  return last
})
