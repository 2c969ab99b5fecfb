// The checker of a run: all rules, fed with what changed. Its cost follows the events: a statement hands over
// its changed rows, a phone its events and answers, and no rule scans a table at each step.
import type { PhoneApp } from "../clients/phone-app.ts"
import type { Checker, FaultPlan, Population, RunContext, Violation } from "../simulation.ts"
import { calmOf } from "./calm.ts"
import { defects } from "./defects.ts"
import { oneMitra } from "./one-mitra.ts"
import { absence } from "./oracle/absence.ts"
import { exact } from "./oracle/exact.ts"
import { answers } from "./oracle/answers.ts"
import { mirror } from "./oracle/mirror.ts"
import { identity } from "./oracle/identity.ts"
import { line } from "./oracle/line.ts"
import { lockOuts } from "./oracle/lock-outs.ts"
import { orders } from "./oracle/orders.ts"
import { rotation } from "./oracle/rotation.ts"
import { signInTimes } from "./oracle/sign-in-times.ts"
import { asking } from "./oracle/asking.ts"
import { reading } from "./oracle/reading.ts"
import { notified } from "./oracle/notified.ts"
import { audit } from "./oracle/audit.ts"
import { silence } from "./oracle/silence.ts"
import { standing } from "./oracle/standing.ts"
import { auditValues } from "./oracle/audit-values.ts"
import { beacon } from "./oracle/beacon.ts"
import { lists } from "./oracle/lists.ts"
import { missed } from "./oracle/missed.ts"
import { mustRefuse } from "./oracle/must-refuse.ts"
import { news } from "./oracle/news.ts"
import { told } from "./oracle/told.ts"
import { reachability } from "./reachability.ts"
import { realValkey } from "./real-valkey.ts"
import { repeats } from "./repeats.ts"
import type { RuleTimes } from "./rule-times.ts"
import { signIns } from "./sign-ins.ts"
import { type Change, RowWatch } from "./rows.ts"
import type { CheckerContext, MakeRule, Phone, Rule } from "./rule.ts"
import { capacity } from "./rules/capacity.ts"
import { deactivation } from "./rules/deactivation.ts"
import { drain } from "./rules/drain.ts"
import { ending } from "./rules/ending.ts"
import { fencing } from "./rules/fencing.ts"
import { ledger } from "./rules/ledger.ts"
import { messages } from "./rules/messages.ts"
import { money } from "./rules/money.ts"
import { offers } from "./rules/offers.ts"
import { oneLiveSession } from "./rules/one-live-session.ts"
import { oneWinner } from "./rules/one-winner.ts"
import { paidRequests } from "./rules/paid-requests.ts"
import { pushes } from "./rules/pushes.ts"
import { stayingOnline } from "./rules/staying-online.ts"
import { narrative } from "./rules/narrative.ts"

/** By the number in docs/invariants.md, and some that every product of this kind must hold. */
export const rules: Readonly<Record<string, MakeRule>> = {
  "1 one winner": oneWinner,
  "2 capacity": capacity,
  "3 one live session": oneLiveSession,
  "4 messages": messages,
  "5 ledger": ledger,
  "6 terminal state": ending,
  "7 offers": offers,
  "8 deactivation": deactivation,
  "9 staying online": stayingOnline,
  "10 fencing": fencing,
  "11 paid requests": paidRequests,
  "12 money": money,
  "13 pushes": pushes,
  "14 one mitra": oneMitra,
  "narrative": narrative,
  "drain": drain,
  "repeats": repeats,
  "sign-ins": signIns,
  "reachability": reachability,
  "defects": defects,
  "exact": exact,
  "answers": answers,
  "mirror": mirror,
  "real valkey": realValkey,
  "sign-in times": signInTimes,
  "lock-outs": lockOuts,
  "rotation": rotation,
  "orders": orders,
  "identity": identity,
  "line": line,
  "asking": asking,
  "standing": standing,
  "absence": absence,
  "reading": reading,
  "notified": notified,
  "audit": audit,
  "audit values": auditValues,
  "beacon": beacon,
  "lists": lists,
  "missed": missed,
  "must refuse": mustRefuse,
  "news": news,
  "silence": silence,
  "told": told
}

const interval_us = 250_000
/** A phone that has just connected is sent its snapshot first. */
const settlesMs = 3_000
/** After the last fault of the server: runners are up, actors loaded, a silent bus has been noticed. */
const recoversMs = 30_000

/** Since when each phone is connected or away, and which phone belongs to which user id. */
class Phones {
  readonly #apps: ReadonlyArray<PhoneApp>
  readonly #connectedSince = new Map<Phone, number>()
  readonly #awaySince = new Map<Phone, number>()
  /** When the phone was last seen frozen: frames that arrived meanwhile reach it when it wakes. */
  readonly #frozenAt = new Map<Phone, number>()
  readonly #byId = new Map<string, Phone>()
  readonly #now_ms: () => number

  constructor(apps: ReadonlyArray<PhoneApp>, now_ms: () => number) {
    this.#apps = apps
    this.#now_ms = now_ms
  }

  /** Under the user's present id: proving a phone number may turn an anonymous customer into a known one. */
  met(app: PhoneApp): void {
    if (app.id !== null) this.#byId.set(app.id, app)
  }

  connection(app: PhoneApp, what: string): void {
    this.met(app)
    if (what === "connected") {
      this.#connectedSince.set(app, this.#now_ms())
      this.#awaySince.delete(app)
      return
    }
    this.#connectedSince.delete(app)
    // Failed attempts to reconnect do not restart the count.
    if (!this.#awaySince.has(app)) this.#awaySince.set(app, this.#now_ms())
  }

  readonly all = (): ReadonlyArray<Phone> => this.#apps
  /** Whose app it is now: who signed out, or proved a phone, is somebody else. */
  readonly of = (id: string): Phone | undefined => {
    const phone = this.#byId.get(id)
    return phone?.id === id ? phone : undefined
  }
  readonly awayFor_ms = (phone: Phone): number =>
    phone.isConnected ? 0 : this.#now_ms() - (this.#awaySince.get(phone) ?? 0)

  readonly connectedFor_ms = (phone: Phone): number => {
    if (phone.process.state !== "running") this.#frozenAt.set(phone, this.#now_ms())
    const since = this.#connectedSince.get(phone)
    const sound_us = phone.connection?.line?.soundSince_us ?? null
    if (since === undefined || sound_us === null || !phone.isConnected) return 0
    return this.#now_ms() - Math.max(since, sound_us / 1000, this.#frozenAt.get(phone) ?? 0)
  }
}

/** `more` adds rules of the caller's own: coverage counts what the rules see. */
export const checkerOf =
  (more: Readonly<Record<string, MakeRule>> = {}, times: RuleTimes | null = null) =>
  (run: RunContext, population: Population, faults: FaultPlan): Checker => {
    const { provider, watchers, world } = run
    const { stores, time } = world
    const now_ms = () => time.now_ms
    const phones = new Phones(population.apps, now_ms)
    const violations: Array<Violation> = []
    const calm = calmOf(faults, () => time.now_us)
    const context: CheckerContext = {
      ...calm,
      owedFor_ms: (phone) =>
        Math.max(
          0,
          Math.min(phones.connectedFor_ms(phone) - settlesMs, calm.steadyFor_ms() - recoversMs)
        ),
      tables: stores.tables,
      now_ms,
      phones: phones.all,
      phoneOf: phones.of,
      connectedFor_ms: phones.connectedFor_ms,
      awayFor_ms: phones.awayFor_ms,
      calmFor_ms: () => {
        const since_us = faults.calmSince_us()
        return since_us === null ? 0 : (time.now_us - since_us) / 1000
      },
      log: run.log,
      pushes: stores.push.sent,
      valkey: stores.valkey,
      runnerEvents: world.runnerEvents,
      isFrozen: (runner) => world.runners.find(({ name }) => name === runner)?.process.state === "frozen",
      taken: provider.taken
    }
    const wanted = { ...rules, ...more }
    const all = Object.entries(times === null ? wanted : times.timed(wanted)).map(([invariant, make]): Rule =>
      make(
        context,
        (text, { people = [], session_id = null } = {}) =>
          violations.push({ invariant, at_us: time.now_us, text, people, session_id })
      )
    )
    const watch = new RowWatch(stores.tables)
    const byTable = listenersByTable(all)
    const afterStatement = all.flatMap(({ statement }) => statement ?? [])
    const turns = all.flatMap(({ turn }) => turn ?? [])
    const hearers = all.flatMap(({ heard }) => heard ?? [])
    const callers = all.flatMap(({ called }) => called ?? [])
    const senders = all.flatMap(({ sent }) => sent ?? [])
    const connections = all.flatMap(({ connection }) => connection ?? [])
    const periodic = all.flatMap(({ onInterval }) => onInterval ?? [])
    const flushChanges = () => {
      if (!watch.hasChanges) return
      watch.flush((table, change) => {
        for (const listen of byTable.get(table) ?? []) listen(change)
      })
      for (const statement of afterStatement) statement()
    }
    stores.postgres.afterStatement = flushChanges
    stores.witness.onTurn = (turn, isWritten, by) => {
      for (const each of turns) each(turn, isWritten, by)
    }
    watchers.push({
      onEvent: (app, event) => {
        for (const heard of hearers) heard(app, event)
      },
      onCall: (app, tag, payload, outcome) => {
        phones.met(app)
        for (const called of callers) called(app, tag, payload, outcome)
      },
      onConnection: (app, what) => {
        phones.connection(app, what)
        for (const connection of connections) connection(app, what)
      },
      onRequest: (app, tag, payload) => {
        for (const sent of senders) sent(app, tag, payload)
      }
    })
    let nextInterval_us = 0
    return {
      violations,
      afterStep: () => {
        flushChanges()
        if (time.now_us < nextInterval_us) return
        nextInterval_us = time.now_us + interval_us
        for (const check of periodic) check()
      },
      isAtRest: () => isAtRest(context),
      atEnd: () => {
        for (const rule of all) rule.end?.()
      }
    }
  }

/** The last event of a chat has reached its phones by then. */
const quietMs = 60_000

/**
 * No request, chat, payment or webhook is under way, nor an event of one. It scans whole tables: call it
 * rarely.
 */
export const isAtRest = (
  { now_ms, tables, taken }: Pick<CheckerContext, "now_ms" | "tables" | "taken">
): boolean =>
  [...tables.chat_sessions.values()].every(({ ended_at }) =>
    ended_at !== null && now_ms() - ended_at >= quietMs
  ) &&
  [...tables.payment_requests.values()].every(({ failure_cause, status }) =>
    status !== "pending" && (status !== "confirmed" || failure_cause !== null)
  ) &&
  [...taken.keys()].every((id) => {
    const payment = tables.payment_requests.get(id)
    return payment !== undefined && (payment.confirmed_at !== null || payment.anomaly !== null)
  })

const listenersByTable = (all: ReadonlyArray<Rule>) => {
  type Listen = (change: Change<unknown>) => void
  const byTable = new Map<string, ReadonlyArray<Listen>>()
  for (const { rows = {} } of all) {
    for (const [table, listen] of Object.entries(rows)) {
      byTable.set(table, [...byTable.get(table) ?? [], listen as Listen])
    }
  }
  return byTable
}
