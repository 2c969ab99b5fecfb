// The load's own process: all phones of one contender. It is asked for one job at a time over the channel to
// the bench, so that what the phones cost is on nobody's bill.
import { accept, blast, pairGroups, type Reached } from "./pairing.ts"
import { eachAtOnce } from "./at-once.ts"
import { beacons, heartbeats } from "./calls.ts"
import { messages, type MessagesAsked } from "./messages.ts"
import { type Pace, quantiles } from "./pace.ts"
import { Phone } from "./phone.ts"
import { type Person, type Wire, wires } from "./wires.ts"
import { mixedDay, type MixedAsked } from "./mixed-day.ts"

const phones = new Map<string, Phone>()
const heartbeatEveryMs = 15_000
const reconnectPauseMs = 50
const reconnectMaxMs = 60_000
let wire: Wire = wires.plain

const of = (ids: ReadonlyArray<string>): ReadonlyArray<Phone> =>
  ids.map((id) =>
    phones.get(id) ?? (() => {
      throw new Error(`no phone of ${id}`)
    })()
  )

export interface ConnectAsked {
  readonly people: ReadonlyArray<Person>
  readonly url: string
  readonly at_once: number
}

const connect = async ({ at_once, people, url }: ConnectAsked) => {
  const started = performance.now()
  const waits: Array<number> = []
  let tries = 0
  await eachAtOnce(people, at_once, async (person) => {
    const due = performance.now()
    const phone = phones.get(person.id) ?? new Phone(wire, person)
    phones.set(person.id, phone)
    // A server that is not ready, or full, is asked again: nothing is lost but time.
    for (;;) {
      try {
        tries += 1
        await phone.connect(url)
        break
      } catch (error) {
        if (performance.now() - started > reconnectMaxMs) throw error
        await new Promise((resolve) => setTimeout(resolve, reconnectPauseMs))
      }
    }
    waits.push(performance.now() - due)
  })
  const open = people.filter(({ id }) => phones.get(id)?.isOpen === true).length
  return { open, tries, took_ms: performance.now() - started, wait: quantiles(waits) }
}

const goOnline = async (phone: Phone): Promise<void> => {
  await phone.ask("online")
  phone.isOnline = true
}

export interface PairAsked {
  readonly to: Reached
  readonly groups: ReadonlyArray<{ readonly mitra: string; readonly customers: ReadonlyArray<string> }>
}

const pair = ({ groups, to }: PairAsked) =>
  pairGroups(
    to,
    groups.map(({ customers, mitra }) => ({ mitra: of([mitra])[0]!, customers: of(customers) })),
    goOnline
  )

const jobs = {
  speak: async (name: keyof typeof wires) => void (wire = wires[name]),
  connect,
  hang_up: async (ids: ReadonlyArray<string>) => {
    await Promise.all(of(ids).map((phone) => phone.hangUp()))
  },
  online: async (ids: ReadonlyArray<string>) => {
    await eachAtOnce(of(ids), 50, async (phone) => goOnline(phone))
  },
  /** Everybody goes home, for the next scenario. Whose socket the server closed has nobody to say it to. */
  clear: async () => {
    const online = [...phones.values()].filter(({ isOnline, isOpen }) => isOnline && isOpen)
    await eachAtOnce(online, 50, async (phone) => {
      await phone.ask("offline")
    })
    await Promise.all([...phones.values()].map((phone) => phone.hangUp()))
    phones.clear()
  },
  pair,
  messages: (asked: MessagesAsked) => messages(phones, asked),
  heartbeats: ({ ids, pace }: { readonly ids: ReadonlyArray<string>; readonly pace: Pace }) =>
    heartbeats(of(ids), pace),
  beacons,
  blasts: async ({ customers, expected, mitras, to }: {
    readonly to: Reached
    readonly customers: ReadonlyArray<string>
    readonly mitras: ReadonlyArray<string>
    readonly expected: number
  }) => {
    const done: Array<Awaited<ReturnType<typeof blast>>> = []
    for (const customer of of(customers)) done.push(await blast(to, customer, of(mitras), expected))
    return done
  },
  accepts: async ({ customers, mitras, to }: {
    readonly to: Reached
    readonly customers: ReadonlyArray<string>
    readonly mitras: ReadonlyArray<string>
  }) => {
    const done: Array<Awaited<ReturnType<typeof accept>>> = []
    for (const customer of of(customers)) done.push(await accept(to, customer, of(mitras)))
    return done
  },
  mixed_day: (asked: MixedAsked) => mixedDay(phones, asked)
}

export type Jobs = typeof jobs

// Mitras who are online say so, as their phones do, whatever is being measured.
setInterval(() => {
  for (const phone of phones.values()) {
    if (phone.person.kind === "mitra" && phone.isOpen) phone.call("heartbeat", {}, () => {})
  }
}, heartbeatEveryMs).unref()

process.on("message", ({ asked, id, job }: { id: number; job: keyof Jobs; asked: never }) => {
  const run = jobs[job] as (asked: never) => Promise<unknown>
  run(asked).then(
    (value) => process.send?.({ id, value: value ?? null }),
    (error: unknown) => process.send?.({ id, failed: error instanceof Error ? error.stack : String(error) })
  )
})
process.on("disconnect", () => process.exit(0))
process.send?.({ ready: true })
