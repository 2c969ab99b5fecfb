// The other end of the bench "calls", in a thread of its own: sockets that always have a few calls in
// flight, and count the answers.
import { once } from "node:events"
import { parentPort, workerData } from "node:worker_threads"
import { WebSocket } from "ws"

export interface Asked {
  readonly url: string
  readonly for_ms: number
}

const { connections, in_flight } = workerData as {
  readonly connections: number
  readonly in_flight: number
}

const callOn = (socket: WebSocket, id: number) =>
  socket.send(JSON.stringify({
    _tag: "Request",
    id: `${id}`,
    tag: "test.echo",
    payload: { text: "Halo kak" },
    headers: []
  }))

const runPhones = async ({ for_ms, url }: Asked): Promise<number> => {
  let answered = 0
  let isOver = false
  const sockets = await Promise.all(Array.from({ length: connections }, async () => {
    const socket = new WebSocket(url)
    await once(socket, "open")
    return socket
  }))
  for (const socket of sockets) {
    let id = 0
    socket.on("message", (data) => {
      if (!String(data).includes("\"Success\"")) throw new Error(`not an answer: ${String(data)}`)
      if (isOver) return
      answered += 1
      callOn(socket, ++id)
    })
    for (let n = 0; n < in_flight; n += 1) callOn(socket, ++id)
  }
  await new Promise((resolve) => setTimeout(resolve, for_ms))
  isOver = true
  const counted = answered
  await Promise.all(sockets.map(async (socket) => {
    socket.close()
    await once(socket, "close")
  }))
  return counted
}

parentPort?.on("message", async (asked: Asked) => parentPort?.postMessage(await runPhones(asked)))
