// A made-up history, fed to one rule: rows written by hand, words put into phones, time that passes. What the
// rule complains about is collected.
import type { Process } from "../../../simulator/kernel/process.ts"
import { Process as MadeUpProcess } from "../../../simulator/kernel/process.ts"
import type { LogLine } from "../../../simulator/kernel/runtime.ts"
import { make as newTables, type Tables } from "../../../testkit/memory/store/tables.ts"
import type { TurnWrite } from "../../../src/services/journal/journal.ts"
import type { Answer, CallFailure } from "../../../simulator/clients/connection.ts"
import { ClientState } from "../../../simulator/clients/client-state.ts"
import type { PushService } from "../../../simulator/stores/push-service.ts"
import type { RunnerEvent } from "../../../simulator/world.ts"
import { RowWatch } from "../../../simulator/checkers/rows.ts"
import type { CheckerContext, MakeRule, Phone } from "../../../simulator/checkers/rule.ts"

export const startMs = 1_000_000_000
const beatMs = 250

type Mutable<A> = { -readonly [Key in keyof A]: A[Key] }
export type MadeUpPhone = Mutable<Phone>

export const history = (make: MakeRule) => {
  const tables = newTables()
  const watch = new RowWatch(tables)
  const phones: Array<MadeUpPhone> = []
  const complaints: Array<string> = []
  const log: Array<LogLine> = []
  const pushes: PushService["sent"] = []
  const runnerEvents: Array<RunnerEvent> = []
  const frozen = new Set<string>()
  const taken = new Map<string, { readonly amount_idr: number; readonly at_ms: number }>()
  let now = startMs
  let calm = 3_600_000
  let awaySince: number | null = null
  const context: CheckerContext = {
    tables,
    now_ms: () => now,
    phones: () => phones,
    phoneOf: (id) => phones.find((phone) => phone.id === id),
    connectedFor_ms: (phone) => phone.isConnected ? 3_600_000 : 0,
    awayFor_ms: (phone) => phone.isConnected ? 0 : now - (awaySince ?? 0),
    calmFor_ms: () => calm,
    steadyFor_ms: () => calm,
    clocksTrueFor_ms: () => calm,
    pushesTakenFor_ms: () => calm,
    owedFor_ms: (phone) => phone.isConnected ? calm : 0,
    log,
    pushes,
    valkey: null,
    runnerEvents,
    isFrozen: (runner) => frozen.has(runner),
    taken
  }
  const rule = make(context, (text) => void complaints.push(text))
  return {
    complaints,
    log,
    pushes,
    taken,
    frozen,
    now: () => now,
    /** Every phone that is not connected has only just lost the connection. */
    disconnects: () => {
      awaySince = now
    },
    faulty: () => {
      calm = 0
    },
    phone: (name: string, role: Phone["role"], connection: object | null = null): MadeUpPhone => {
      const made: MadeUpPhone = {
        name,
        role,
        id: name,
        tokens: null,
        clientState: new ClientState(),
        isConnected: true,
        connection: connection as Phone["connection"],
        process: new MadeUpProcess(name)
      }
      phones.push(made)
      return made
    },
    /** One transaction. */
    commit: (write: (tables: Tables) => void) => {
      write(tables)
      watch.flush((table, change) => {
        const listeners = rule.rows as Record<string, ((change: unknown) => void) | undefined> | undefined
        listeners?.[table]?.(change)
      })
      rule.statement?.()
    },
    turn: (turn: Partial<TurnWrite>, isWritten: boolean, by: Process) =>
      rule.turn?.(turn as TurnWrite, isWritten, by),
    hears: (phone: Phone, event: Answer) => {
      phone.clientState.hear(event, now)
      rule.heard?.(phone, event)
    },
    sends: (phone: Phone, tag: string, payload: Answer) => rule.sent?.(phone, tag, payload),
    calls: (phone: Phone, tag: string, payload: Answer, outcome: Answer | CallFailure) =>
      rule.called?.(phone, tag, payload, outcome),
    connection: (phone: Phone, what: string) => rule.connection?.(phone, what),
    runner: (runner: string, what: RunnerEvent["what"]) =>
      void runnerEvents.push({ at_us: now * 1000, runner, what }),
    passes: (ms: number) => {
      for (const until = now + ms; now < until;) {
        now += beatMs
        rule.onInterval?.()
      }
    },
    ends: () => rule.end?.()
  }
}
