// The network between runners: byte connections, in order, each a little late. A killed host resets its
// connections, a frozen one accepts and says nothing, a partition swallows what is sent.
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import * as Scope from "effect/Scope"
import * as Socket from "effect/socket/Socket"
import type { Process } from "../kernel/process.ts"
import type { Prng } from "../kernel/prng.ts"
import type { VirtualTime } from "../kernel/virtual-time.ts"
import type { Latency } from "./line.ts"

export type Accept = (socket: Socket.Socket) => void

interface Host {
  readonly process: Process
  accept: Accept | null
  readonly connections: Set<Connection>
}

type Bytes = Uint8Array | string
type Read = Effect.Effect<readonly [Bytes, ...Array<Bytes>], Socket.SocketError>

const openTimeoutMs = 1_000

const closeError = (code: number) => new Socket.SocketError({ reason: new Socket.SocketCloseError({ code }) })
const openError = (kind: "Unknown" | "Timeout") =>
  new Socket.SocketError({ reason: new Socket.SocketOpenError({ kind, cause: "no connection" }) })

/** One end of a connection, in one process. */
class End {
  readonly process: Process
  #inbox: Array<Bytes> = []
  #error: Socket.SocketError | null = null
  #reader: ((read: Read) => void) | null = null

  constructor(process: Process) {
    this.process = process
  }

  readonly pull: Read = Effect.callback((resume) => {
    this.#reader = resume
    this.#feed()
    return Effect.sync(() => {
      this.#reader = null
    })
  })

  get isOver(): boolean {
    return this.#error !== null
  }

  receive(bytes: Bytes): void {
    if (this.#error !== null) return
    this.#inbox.push(bytes)
    this.#feed()
  }

  end(error: Socket.SocketError): void {
    if (this.#error !== null) return
    this.#error = error
    this.#feed()
  }

  #feed(): void {
    const resume = this.#reader
    const [first, ...rest] = this.#inbox
    if (resume === null || (first === undefined && this.#error === null)) return
    this.#reader = null
    this.#inbox = []
    resume(
      first === undefined ? Effect.fail(this.#error ?? closeError(1006)) : Effect.succeed([first, ...rest])
    )
  }
}

class Connection {
  readonly client: End
  readonly server: End
  readonly hosts: readonly [string, string]
  readonly arrives_us: [number, number] = [0, 0]

  constructor(client: Process, server: Process, hosts: readonly [string, string]) {
    this.client = new End(client)
    this.server = new End(server)
    this.hosts = hosts
  }
}

export class RunnerNetwork {
  readonly #time: VirtualTime
  readonly #prng: Prng
  readonly #latency: Latency
  readonly #hosts = new Map<string, Host>()
  readonly #partitioned = new Set<string>()

  constructor(options: { readonly time: VirtualTime; readonly prng: Prng; readonly latency: Latency }) {
    this.#time = options.time
    this.#prng = options.prng
    this.#latency = options.latency
  }

  join(name: string, process: Process): void {
    this.#hosts.set(name, { process, accept: null, connections: new Set() })
  }

  listen(name: string, accept: Accept): void {
    const host = this.#hosts.get(name)
    if (host !== undefined) host.accept = accept
  }

  /** Its process is gone: every connected host finds out. */
  leave(name: string): void {
    const host = this.#hosts.get(name)
    this.#hosts.delete(name)
    for (const connection of host?.connections ?? []) this.#close(connection, 1006)
  }

  /** From now on nothing passes between this host and the others. */
  partition(name: string): void {
    this.#partitioned.add(name)
  }

  heal(name: string): void {
    this.#partitioned.delete(name)
  }

  /** A socket of `from` that connects to `to` when it is read. */
  socket(from: string, to: string): Socket.Socket {
    const opened = Latch.makeUnsafe(false)
    let current: Connection | null = null
    const reader = Effect.gen({ self: this }, function*() {
      const connection = yield* this.#connect(from, to)
      current = connection
      opened.openUnsafe()
      yield* Scope.addFinalizer(
        yield* Effect.scope,
        Effect.sync(() => {
          opened.closeUnsafe()
          current = null
          connection.client.end(closeError(1006))
          this.#travel(connection, 0, () => connection.server.end(closeError(1000)))
        })
      )
      return { pull: connection.client.pull, upgrade: Socket.SocketUpgradeError.unsupported }
    })
    const write = (bytes: Bytes) =>
      Effect.andThen(
        opened.await,
        Effect.suspend(() => current === null ? Effect.fail(closeError(1006)) : this.#send(current, 0, bytes))
      )
    return Socket.make({ reader, writer: Effect.succeed(writerOf(write)) })
  }

  #connect(from: string, to: string): Effect.Effect<Connection, Socket.SocketError> {
    return Effect.callback((resume) => {
      const client = this.#hosts.get(from)
      if (client === undefined) return resume(Effect.fail(openError("Unknown")))
      if (this.#isCut(from, to)) {
        this.#time.after(openTimeoutMs, client.process, () => resume(Effect.fail(openError("Timeout"))))
        return
      }
      this.#time.after(this.#delayMs(), client.process, () => {
        const server = this.#hosts.get(to)
        if (server?.accept == null) return resume(Effect.fail(openError("Unknown")))
        const connection = new Connection(client.process, server.process, [from, to])
        client.connections.add(connection)
        server.connections.add(connection)
        const { accept } = server
        server.process.enter(() => accept(this.#serverSocket(connection)))
        resume(Effect.succeed(connection))
      })
    })
  }

  #serverSocket(connection: Connection): Socket.Socket {
    const hangUp = Effect.sync(() =>
      this.#travel(connection, 1, () => connection.client.end(closeError(1000)))
    )
    return Socket.make({
      reader: Effect.as(Effect.addFinalizer(() => hangUp), {
        pull: connection.server.pull,
        upgrade: Socket.SocketUpgradeError.unsupported
      }),
      writer: Effect.succeed(writerOf((bytes) => this.#send(connection, 1, bytes)))
    })
  }

  #send(connection: Connection, direction: 0 | 1, bytes: Bytes): Effect.Effect<void, Socket.SocketError> {
    return Effect.suspend(() => {
      const mine = direction === 0 ? connection.client : connection.server
      if (mine.isOver) return Effect.fail(closeError(1006))
      const theirs = direction === 0 ? connection.server : connection.client
      this.#travel(connection, direction, () => theirs.receive(bytes))
      return Effect.void
    })
  }

  #travel(connection: Connection, direction: 0 | 1, arrive: () => void): void {
    const [from, to] = connection.hosts
    const process = direction === 0 ? connection.server.process : connection.client.process
    const earliest = this.#time.now_us + Math.round(this.#delayMs() * 1000)
    const arrives_us = Math.max(connection.arrives_us[direction], earliest)
    connection.arrives_us[direction] = arrives_us
    this.#time.at(arrives_us, process, () => {
      if (!this.#isCut(from, to)) arrive()
    })
  }

  #close(connection: Connection, code: number): void {
    for (const end of [connection.client, connection.server]) {
      end.process.enter(() => end.end(closeError(code)))
    }
    for (const name of connection.hosts) this.#hosts.get(name)?.connections.delete(connection)
  }

  #isCut(from: string, to: string): boolean {
    return from !== to && (this.#partitioned.has(from) || this.#partitioned.has(to))
  }

  #delayMs(): number {
    return this.#prng.between(this.#latency.low_ms, this.#latency.high_ms)
  }
}

const writerOf = (write: (bytes: Bytes) => Effect.Effect<void, Socket.SocketError>): Socket.Writer => ({
  write: (chunk) => Socket.isCloseEvent(chunk) ? Effect.void : write(chunk),
  writeAll: (chunks) => Effect.forEach(chunks, write, { discard: true })
})
