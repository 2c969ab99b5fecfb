// The small questions: a mitra's heartbeat over her socket, and the beacon over plain HTTP on connections
// that stay open, each question from an address of its own.
import { connect, type Socket } from "node:net"
import { paced, type Pace, quantiles } from "./pace.ts"
import type { Phone } from "./phone.ts"

export const heartbeats = async (mitras: ReadonlyArray<Phone>, pace: Pace) => {
  let [answered, refused] = [0, 0]
  const run = await paced(pace, (nth, _due, done) => {
    mitras[nth % mitras.length]!.call("heartbeat", {}, (answer) => {
      if (answer.refused === null) answered += 1
      else refused += 1
      done()
    })
  })
  return { sent: run.done, answered, refused, took_ms: run.took_ms, ack: quantiles(run.waits) }
}

const beaconPath = "/api/public/bestie/available"

/** `10.a.b.c`, a different one each time. */
const addressOf = (nth: number) => `10.${nth >> 16 & 255}.${nth >> 8 & 255}.${nth & 255}`

/** One question at a time on one connection. */
class Line {
  readonly #socket: Socket
  #text = ""
  #done: ((status: number) => void) | null = null

  constructor(port: number) {
    this.#socket = connect({ host: "127.0.0.1", port, noDelay: true })
    this.#socket.setEncoding("latin1")
    this.#socket.on("data", (part) => this.#read(String(part)))
  }

  ask(address: string, done: (status: number) => void): void {
    this.#done = done
    this.#socket.write(
      `GET ${beaconPath} HTTP/1.1\r\nHost: bench\r\nX-Forwarded-For: ${address}\r\n\r\n`
    )
  }

  end(): void {
    this.#socket.destroy()
  }

  #read(part: string): void {
    this.#text += part
    const head = this.#text.indexOf("\r\n\r\n")
    if (head === -1) return
    const length = Number(/content-length: (\d+)/i.exec(this.#text.slice(0, head))?.[1] ?? 0)
    if (this.#text.length < head + 4 + length) return
    const status = Number(this.#text.slice(9, 12))
    this.#text = ""
    this.#done?.(status)
  }
}

let asked = 0

export const beacons = async ({ pace, port }: { readonly port: number; readonly pace: Pace }) => {
  const lines = Array.from({ length: pace.in_flight ?? 32 }, () => new Line(port))
  const free = [...lines]
  let answered = 0
  const waiting: Array<() => void> = []
  const run = await paced(pace, (_nth, _due, done) => {
    const ask = () => {
      const line = free.pop()!
      line.ask(addressOf(asked++), (status) => {
        if (status === 200) answered += 1
        free.push(line)
        waiting.shift()?.()
        done()
      })
    }
    if (free.length > 0) ask()
    else waiting.push(ask)
  })
  for (const line of lines) line.end()
  return { sent: run.done, answered, took_ms: run.took_ms, ack: quantiles(run.waits) }
}
