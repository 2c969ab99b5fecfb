// The thread behind real-valkey.ts: takes some requests, asks the server, and wakes the thread that waits for
// the answers.
import { spawn } from "node:child_process"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import { type MessagePort, workerData } from "node:worker_threads"
import { Redis } from "ioredis"
import type { Request, Response, ValkeyPlace } from "./real-valkey.ts"

interface Data {
  readonly flag: Int32Array
  readonly port: MessagePort
  readonly place: ValkeyPlace
}

const { flag, place, port } = workerData as Data

/** By a shell that waits for the end of this process, however it ends, and then ends the server. */
const untilWeAreGone = `"$@" & server=$!; cat > /dev/null; kill $server; wait $server; rm -rf "$0"`

/** Reached by a socket in a folder of its own: no port that another could take meanwhile. */
const startServer = (program: string): string => {
  const folder = Fs.mkdtempSync(Path.join(Os.tmpdir(), "halobestie-simulator-valkey-"))
  const socket = Path.join(folder, "socket")
  const words = ["--port", "0", "--unixsocket", socket, "--save", "", "--appendonly", "no", "--dir", folder]
  const shell = ["-c", untilWeAreGone, folder, program, ...words]
  spawn("/bin/sh", shell, { stdio: ["pipe", "ignore", "ignore"], detached: true }).unref()
  return socket
}

const redis = new Redis(place.url ?? startServer(place.program ?? ""), {
  retryStrategy: (times) => times < 200 ? 25 : null,
  maxRetriesPerRequest: null
})
redis.on("error", () => {})

const messageOf = (error: unknown) => error instanceof Error ? error.message : String(error)

const loaded = new Set<string>()

const ask = async (requests: ReadonlyArray<Request>): Promise<ReadonlyArray<Response>> => {
  const commands = redis.pipeline()
  for (const request of requests) {
    if (request.kind === "wipe") commands.flushdb()
    else {
      const { args, timed: { lua, sha } } = request
      // A text that does not compile is refused here, and then as one that is not known.
      // oxlint-disable-next-line no-await-in-loop
      if (!loaded.has(sha)) await redis.script("LOAD", lua).catch(() => {})
      loaded.add(sha)
      commands.evalsha(sha, 0, ...args)
    }
  }
  const replies = await commands.exec() ?? []
  return replies.map(([error, reply]): Response =>
    error === null ? { _tag: "Reply", reply: reply as never } : { _tag: "Error", message: messageOf(error) }
  )
}

const answer = (responses: ReadonlyArray<Response> | string): void => {
  port.postMessage(responses)
  Atomics.store(flag, 0, 1)
  Atomics.notify(flag, 0)
}

port.on("message", (requests: ReadonlyArray<Request>) => {
  ask(requests).then(answer, (error) => answer(messageOf(error)))
})
