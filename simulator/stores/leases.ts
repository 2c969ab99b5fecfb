// Cluster membership and shard locks as Postgres keeps them for us: a lock belongs to a session, a dead
// process loses its session at once, a silent one when its idle time is over.
import * as Effect from "effect/Effect"
import { PersistenceError } from "effect/cluster/ClusterError"
import { makeEncoded, RunnerStorage } from "effect/cluster/RunnerStorage"
import type { Process } from "../kernel/process.ts"
import type { VirtualTime } from "../kernel/virtual-time.ts"
import type { Store } from "./store.ts"

interface Member {
  readonly machine_id: number
  readonly runner: string
  healthy: boolean
  heard_us: number
}

interface Session {
  used_us: number
  readonly shards: Set<string>
}

/** What all runners share: rows and sessions. */
export class Leases {
  readonly #time: VirtualTime
  readonly #expiration_us: number
  readonly #members = new Map<string, Member>()
  readonly #sessions = new Map<string, Session>()
  #machines = 0

  constructor(time: VirtualTime, expirationMs: number) {
    this.#time = time
    this.#expiration_us = expirationMs * 1000
  }

  /** The process died: the database notices that its connection is gone. */
  disconnect(address: string): void {
    this.#sessions.delete(address)
  }

  /** The database restarted: all sessions are gone, all rows are there. */
  disconnectAll(): void {
    this.#sessions.clear()
  }

  register(address: string, runner: string, healthy: boolean): number {
    const before = this.#members.get(address)
    const machine_id = before?.machine_id ?? ++this.#machines
    this.#members.set(address, { machine_id, runner, healthy, heard_us: this.#time.now_us })
    return machine_id
  }

  unregister(address: string): void {
    this.#members.delete(address)
  }

  setHealth(address: string, healthy: boolean): void {
    const member = this.#members.get(address)
    if (member !== undefined) member.healthy = healthy
  }

  alive(): ReadonlyArray<readonly [string, boolean]> {
    return [...this.#members.values()]
      .filter(({ heard_us }) => this.#time.now_us - heard_us < this.#expiration_us)
      .map(({ healthy, runner }) => [runner, healthy])
  }

  acquire(address: string, shards: ReadonlyArray<string>): Array<string> {
    const mine = this.#session(address)
    const free = shards.filter((shard) => this.#ownerOf(shard) === undefined)
    for (const shard of free) mine.shards.add(shard)
    return shards.filter((shard) => mine.shards.has(shard))
  }

  refresh(address: string, shards: ReadonlyArray<string>): Array<string> {
    const member = this.#members.get(address)
    if (member !== undefined) member.heard_us = this.#time.now_us
    const mine = this.#session(address)
    return shards.filter((shard) => mine.shards.has(shard))
  }

  release(address: string, shard: string): void {
    this.#sessions.get(address)?.shards.delete(shard)
  }

  #session(address: string): Session {
    this.#expire()
    const session = this.#sessions.get(address) ?? { used_us: 0, shards: new Set<string>() }
    session.used_us = this.#time.now_us
    this.#sessions.set(address, session)
    return session
  }

  #ownerOf(shard: string): string | undefined {
    for (const [address, { shards }] of this.#sessions) if (shards.has(shard)) return address
    return undefined
  }

  #expire(): void {
    for (const [address, session] of this.#sessions) {
      if (this.#time.now_us - session.used_us > this.#expiration_us) this.#sessions.delete(address)
    }
  }
}

/** RunnerStorage of one runner, over the wire to the store. */
export const runnerStorage = (leases: Leases, store: Store, caller: Process): RunnerStorage["Service"] => {
  const ask = <A>(statement: () => A) =>
    Effect.mapError(store.call(caller, Effect.sync(statement)), (cause) => new PersistenceError({ cause }))
  return makeEncoded({
    getRunners: ask(() => [...leases.alive()]),
    register: (address, runner, healthy) => ask(() => leases.register(address, runner, healthy)),
    unregister: (address) => ask(() => leases.unregister(address)),
    setRunnerHealth: (address, healthy) => ask(() => leases.setHealth(address, healthy)),
    acquire: (address, shards) => ask(() => leases.acquire(address, shards)),
    refresh: (address, shards) => ask(() => leases.refresh(address, shards)),
    release: (address, shard) => ask(() => leases.release(address, shard)),
    releaseAll: (address) => ask(() => leases.disconnect(address))
  })
}
