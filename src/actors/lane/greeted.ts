// The runners' port, shared: a connection that opens with the lane's greeting is a lane, every other one is
// the cluster's, which gets it with all that was read.
import * as Effect from "effect/Effect"
import type { Socket, SocketServer } from "effect/socket"
import { answer, type Serving } from "./answering.ts"
import { greeting, makeLineReader } from "./frames.ts"

type Chunks = Effect.Success<Socket.Reader["pull"]>

const expected = Buffer.from(greeting)
const bytesOf = (chunk: Uint8Array | string): Uint8Array =>
  typeof chunk === "string" ? Buffer.from(chunk) : chunk

/** Reads until it is sure. */
const readGreeting = Effect.fnUntraced(function*(reader: Socket.Reader) {
  const read: [...Chunks] = [...(yield* reader.pull)]
  for (;;) {
    const bytes = Buffer.concat(read.map(bytesOf))
    const isSoFar = expected.subarray(0, bytes.length).equals(bytes.subarray(0, expected.length))
    if (!isSoFar || bytes.length >= expected.length) {
      return { isLane: isSoFar, read, rest: bytes.subarray(expected.length) }
    }
    read.push(...(yield* reader.pull))
  }
})

/** The reader as it was before `read`. */
const reread = (reader: Socket.Reader, read: Chunks): Socket.Reader => {
  let first: Chunks | null = read
  return {
    ...reader,
    pull: Effect.suspend(() => {
      if (first === null) return reader.pull
      const chunks = first
      first = null
      return Effect.succeed(chunks)
    })
  }
}

export const sharing = (
  server: SocketServer.SocketServer["Service"],
  serving: () => Serving | null
): SocketServer.SocketServer["Service"] => ({
  ...server,
  run: (handler) =>
    server.run((socket) =>
      Effect.gen(function*() {
        const reader = yield* socket.reader
        const { isLane, read, rest } = yield* readGreeting(reader)
        if (!isLane) return yield* handler({ ...socket, reader: Effect.succeed(reread(reader, read)) })
        const lines = makeLineReader()
        lines(rest)
        return yield* answer(serving, reader, yield* socket.writer, lines)
      }).pipe(Effect.scoped, Effect.catchTag("SocketError", () => Effect.void))
    )
})
