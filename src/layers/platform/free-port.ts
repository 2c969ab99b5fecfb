// A TCP port of 127.0.0.1 that is free at this moment.
import { type AddressInfo, createServer } from "node:net"
import * as Effect from "effect/Effect"

export const freePort = Effect.callback<number, Error>((resume) => {
  const server = createServer()
  server.on("error", (error) => resume(Effect.fail(error)))
  server.listen(0, "127.0.0.1", () => {
    const { port } = server.address() as AddressInfo
    server.close(() => resume(Effect.succeed(port)))
  })
})
