// Plays golden frames against a running server: sends what they send, waits for what they expect, field for
// field. Answers of one call and values of one stream are ordered; across calls any order is right.
import { once } from "node:events"
import { WebSocket } from "ws"
import { type Bindings, bound, difference, fill, type Golden, type Json, type Step } from "./golden.ts"

type Frame = { readonly [key: string]: Json }

const patienceMs = 10_000

/** One socket: what has arrived and was not expected yet, by what it answers. */
class Line {
  readonly #socket: WebSocket
  readonly #waiting = new Map<string, Array<Frame>>()
  #arrived: () => void = () => {}
  unacked = 0

  private constructor(socket: WebSocket) {
    this.#socket = socket
    socket.on("message", (data) => this.#take(JSON.parse(String(data)) as Frame))
  }

  static async open(url: string, token: string | null): Promise<Line> {
    const protocols = ["halobestie.v1", ...(token === null ? [] : [`bearer.${token}`])]
    const socket = new WebSocket(url, protocols, { handshakeTimeout: patienceMs })
    const line = new Line(socket)
    await once(socket, "open")
    return line
  }

  static keyOf(frame: Frame): string {
    return [frame["_tag"], frame["requestId"] ?? ""].join(" ")
  }

  #take(frame: Frame): void {
    // A server may put several values into one chunk; the golden frames have one each.
    const parts = frame["_tag"] === "Chunk"
      ? (frame["values"] as ReadonlyArray<Json>).map((value) => ({ ...frame, values: [value] }))
      : [frame]
    if (frame["_tag"] === "Chunk") this.unacked += 1
    const key = Line.keyOf(frame)
    this.#waiting.set(key, [...this.#waiting.get(key) ?? [], ...parts])
    this.#arrived()
  }

  send(text: string): void {
    this.#socket.send(text)
  }

  async next(key: string): Promise<Frame> {
    const deadline = AbortSignal.timeout(patienceMs)
    for (;;) {
      const frame = this.#waiting.get(key)?.shift()
      if (frame !== undefined) return frame
      await new Promise<void>((resolve, reject) => {
        this.#arrived = resolve
        deadline.addEventListener("abort", () => reject(new Error(`nothing came: ${key}`)), { once: true })
        if (deadline.aborted) reject(new Error(`nothing came: ${key}`))
      })
    }
  }

  /** What came although nothing expected it. */
  leftovers(): ReadonlyArray<Frame> {
    return [...this.#waiting.values()].flat()
  }

  async close(): Promise<void> {
    // The server may have been first.
    if (this.#socket.readyState === WebSocket.CLOSED) return
    const closed = once(this.#socket, "close")
    this.#socket.terminate()
    await closed
  }
}

export interface Server {
  readonly httpUrl: string
  readonly socketUrl: string
  readonly webhookToken: string
}

export class Replay {
  readonly #server: Server
  readonly #bindings: Bindings
  readonly #lines = new Map<string, Line>()

  constructor(server: Server) {
    this.#server = server
    this.#bindings = new Map([["webhook_token", server.webhookToken]])
  }

  async play({ file, steps }: Golden): Promise<void> {
    for (const [index, step] of steps.entries()) {
      try {
        await this.#step(step)
      } catch (error) {
        const what = `${file} step ${index + 1}: ${(error as Error).message}\n${JSON.stringify(step)}`
        throw new Error(what, { cause: error })
      }
    }
  }

  /** Hangs up; answers what had come and was never expected, by phone. */
  async finish(): Promise<ReadonlyArray<readonly [string, ReadonlyArray<Frame>]>> {
    const left = [...this.#lines].map(([phone, line]) => [phone, line.leftovers()] as const)
    await Promise.all([...this.#lines.values()].map((line) => line.close()))
    return left.filter(([, frames]) => frames.length > 0)
  }

  async #step(step: Step): Promise<void> {
    if ("connect" in step) {
      const token = step.token === undefined ? null : String(this.#filled(step.token))
      this.#lines.set(step.connect, await Line.open(this.#server.socketUrl, token))
    } else if ("disconnect" in step) {
      await this.#line(step.disconnect).close()
      this.#lines.delete(step.disconnect)
    } else if ("http" in step) {
      await this.#request(step)
    } else if ("send_text" in step) {
      this.#line(step.phone).send(step.send_text)
    } else if ("send" in step) {
      this.#send(this.#line(step.phone), step.send as Frame)
    } else {
      const template = step.receive as Frame
      const given = await this.#line(step.phone).next(Line.keyOf(template))
      this.#compare(template, given)
    }
  }

  #send(line: Line, frame: Frame): void {
    if (frame["_tag"] === "Ack") {
      // One per chunk: values that came together are acknowledged together.
      if (line.unacked === 0) return
      line.unacked -= 1
    }
    line.send(JSON.stringify(this.#filled(frame)))
  }

  async #request({ http, answer }: Extract<Step, { readonly http: unknown }>): Promise<void> {
    const response = await fetch(`${this.#server.httpUrl}${http.path}`, {
      method: http.method,
      headers: {
        "content-type": "application/json",
        ...this.#filled(http.headers) as Readonly<Record<string, string>>
      },
      body: JSON.stringify(this.#filled(http.body)),
      signal: AbortSignal.timeout(patienceMs)
    })
    const text = await response.text()
    this.#compare(answer, { status: response.status, body: text === "" ? null : JSON.parse(text) as Json })
  }

  #line(phone: string): Line {
    const line = this.#lines.get(phone)
    if (line === undefined) throw new Error(`${phone} is not connected`)
    return line
  }

  #filled(template: Json): Json {
    return fill(template, bound(this.#bindings))
  }

  #compare(template: Json, given: Json): void {
    const found = difference(template, given, this.#bindings)
    if (found !== null) throw new Error(`${found}\ngiven ${JSON.stringify(given)}`)
  }
}
