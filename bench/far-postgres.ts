// How long a message waits where Postgres is far away: a server behind a proxy that holds every byte back for
// so many milliseconds, either way. `npm run bench -- far-postgres [folder of another checkout]`.
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { resolve } from "node:path"
import { copyOf } from "../testkit/postgres/databases.ts"
import { programOf, runCli, type ServerProcess, startRunner } from "../test/support/server-process.ts"
import { tcpProxy } from "../test/support/tcp-proxy.ts"
import { commandId, customer, mitra, pair, type Person } from "../test/system/people.ts"
import { median } from "./measuring.ts"
import { benchServer } from "./postgres.ts"

const lateMs = 10
const messages = 100

const chat = async (server: ServerProcess) => {
  const [sari, ayu] = [await customer(server), await mitra(server, 1)]
  return { sari, ayu, session_id: await pair(server, sari, ayu, "chat_60") }
}

/** Until each is acknowledged; nothing else is on its way. */
const waits = async (
  { phone }: Person,
  session_id: string,
  count: number
): Promise<ReadonlyArray<number>> => {
  const waits: Array<number> = []
  for (let sent = 0; sent < count; sent += 1) {
    const began = performance.now()
    await phone.call("chat.send", { session_id, client_message_id: commandId(), body: "halo" })
    waits.push(performance.now() - began)
  }
  return waits
}

const measured = (url: Redacted.Redacted, checkout: string) =>
  Effect.gen(function*() {
    const program = programOf(checkout)
    const near = Redacted.value(yield* copyOf(url, "template0"))
    for (const command of ["migrate", "seed"]) {
      const { code, output } = yield* runCli(command, { DATABASE_URL: near }, program)
      if (code !== 0) yield* Effect.die(new Error(output))
    }
    const proxy = yield* tcpProxy(near)
    const server = yield* startRunner(proxy.url, {}, program)
    const { ayu, sari, session_id } = yield* Effect.promise(() => chat(server))
    yield* Effect.promise(() => waits(sari, session_id, 20))
    const closeBy = yield* Effect.promise(() => waits(sari, session_id, messages))
    yield* proxy.slow(lateMs)
    const farAway = yield* Effect.promise(() => waits(sari, session_id, messages))
    for (const { phone } of [sari, ayu]) phone.hangUp()
    return `${median(farAway).toFixed(1).padStart(8)} ms with ${lateMs} ms more each way, ${
      median(closeBy).toFixed(1)
    } ms without   ${checkout}`
  }).pipe(Effect.scoped)

export const bench = Effect.gen(function*() {
  const url = yield* benchServer
  const other = process.argv[3]
  const checkouts = [resolve("."), ...(other === undefined ? [] : [resolve(other)])]
  const lines = yield* Effect.forEach(checkouts, (checkout) => measured(url, checkout))
  yield* Effect.log(["until a message is acknowledged, p50", ...lines].join("\n"))
}).pipe(Effect.scoped)
