// A TCP proxy whose faults a test switches on and off: refused connections, cut ones, and ones that
// fall silent without an error, as behind a pulled cable. Gone when its scope closes.
import * as Net from "node:net"
import * as Effect from "effect/Effect"

export interface TcpProxy {
  /** The target's url through the proxy. */
  readonly url: string
  /** Cuts all connections and refuses new ones, until `accept`. */
  readonly refuse: Effect.Effect<void>
  readonly accept: Effect.Effect<void>
  /** From now on every byte is so many milliseconds late, in either direction. */
  readonly slow: (late_ms: number) => Effect.Effect<void>
  /** Open connections carry nothing any more, in either direction; new ones work. */
  readonly silence: Effect.Effect<void>
  /** As `silence`, for new connections as well: the proxy's user has vanished from the network. */
  readonly vanish: Effect.Effect<void>
  /** Nothing passes and nothing is lost until `accept`: as packets that are sent again. */
  readonly hold: Effect.Effect<void>
  /** New connections lead to another port; open ones stay where they are. */
  readonly pointTo: (port: number) => Effect.Effect<void>
  /** Cuts all open connections; new ones work. */
  readonly cut: Effect.Effect<void>
  /** How often a client spoke that had been answered, or was silent, until then. */
  readonly trips: Effect.Effect<number>
  /** Waits until that many more connections have been refused. */
  readonly refusals: (count: number) => Effect.Effect<void>
}

/** One direction of a wire: what is late, its end included, is overtaken by nothing. */
const makeLane = () => {
  const late: Array<{ readonly due_at: number; readonly act: () => void }> = []
  const goDue = () => {
    while (late[0] !== undefined && late[0].due_at <= performance.now()) late.shift()!.act()
    // A timer may strike a moment early.
    if (late[0] !== undefined) setTimeout(goDue, Math.max(1, late[0].due_at - performance.now()))
  }
  return (lateMs: number, act: () => void): void => {
    if (lateMs === 0 && late.length === 0) return act()
    late.push({ due_at: Math.max(performance.now() + lateMs, late.at(-1)?.due_at ?? 0), act })
    if (late.length === 1) setTimeout(goDue, lateMs)
  }
}

interface Wire {
  readonly client: Net.Socket
  readonly server: Net.Socket
  silent: boolean
  /** The client has spoken last. */
  isAsking: boolean
}

const listening = (server: Net.Server) =>
  Effect.callback<number>((resume) => {
    server.listen(0, "127.0.0.1", () => resume(Effect.succeed((server.address() as Net.AddressInfo).port)))
  })

const through = (targetUrl: string, port: number): string => {
  const url = new URL(targetUrl)
  url.hostname = "127.0.0.1"
  url.port = String(port)
  return url.toString()
}

export const tcpProxy = Effect.fnUntraced(function*(targetUrl: string) {
  const target = new URL(targetUrl)
  const wires = new Set<Wire>()
  const waiting = new Set<() => void>()
  let mode: "open" | "refusing" | "silent" | "held" = "open"
  let targetPort = Number(target.port || 5432)
  let lateMs = 0
  let trips = 0

  const cut = () => {
    for (const { client, server } of wires) {
      client.destroy()
      server.destroy()
    }
  }
  const each = (act: (socket: Net.Socket) => void) => {
    for (const { client, server } of wires) for (const socket of [client, server]) act(socket)
  }
  const carry = (client: Net.Socket) => {
    if (mode === "refusing") {
      client.destroy()
      for (const tell of waiting) tell()
      return
    }
    const server = Net.connect({
      port: targetPort,
      host: target.hostname,
      noDelay: true,
      allowHalfOpen: true
    })
    const wire: Wire = { client, server, silent: mode === "silent", isAsking: false }
    wires.add(wire)
    for (const [from, to] of [[client, server], [server, client]] as const) {
      const lane = makeLane()
      // A silent wire does not even say that it was closed.
      from.on("data", (chunk) => {
        if (from === client && !wire.isAsking) trips += 1
        wire.isAsking = from === client
        if (!wire.silent) lane(lateMs, () => to.writable && to.write(chunk))
      })
      from.on("end", () => wire.silent || lane(lateMs, () => to.end()))
      from.on("close", () => wire.silent || from.readableEnded || to.destroy())
      from.on("error", () => from.destroy())
    }
    client.on("close", () => wires.delete(wire))
    if (mode === "held") { for (const socket of [client, server]) socket.pause() }
  }
  const proxy = Net.createServer({ noDelay: true, allowHalfOpen: true }, carry)
  const port = yield* Effect.acquireRelease(listening(proxy), () =>
    Effect.callback<void>((resume) => {
      cut()
      proxy.close(() => resume(Effect.void))
    }))
  const silenceAll = () => wires.forEach((wire) => wire.silent = true)
  const to = (next: typeof mode, first: () => void = () => {}) =>
    Effect.sync(() => {
      mode = next
      first()
    })

  const made: TcpProxy = {
    url: through(targetUrl, port),
    refuse: to("refusing", cut),
    accept: to("open", () => each((socket) => socket.resume())),
    slow: (late_ms) =>
      Effect.sync(() => {
        lateMs = late_ms
      }),
    silence: to("open", silenceAll),
    vanish: to("silent", silenceAll),
    hold: to("held", () => each((socket) => socket.pause())),
    pointTo: (next) => Effect.sync(() => void (targetPort = next)),
    cut: Effect.sync(cut),
    trips: Effect.sync(() => trips),
    refusals: (count) =>
      Effect.callback<void>((resume) => {
        let left = count
        const tell = () => {
          left -= 1
          if (left > 0) return
          waiting.delete(tell)
          resume(Effect.void)
        }
        waiting.add(tell)
      })
  }
  return made
})
