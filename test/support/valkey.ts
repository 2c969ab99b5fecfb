// A Valkey of a test's own, empty, with the faults a test orders: killed, frozen, wiped, refusing. Gone
// when its scope closes.
import * as Effect from "effect/Effect"
import { inject } from "vitest"
import { tcpProxy } from "./tcp-proxy.ts"
import { outside, type TestValkey, valkeyProgram } from "./valkey-program.ts"

export type { TestValkey }

/** A server that others may use too: a database of this worker's own, and faults on the way to it. */
const throughProxy = Effect.fnUntraced(function*(server: string) {
  const target = new URL(server)
  target.pathname = `/${Number(process.env["VITEST_POOL_ID"] ?? 1) % 16}`
  const proxy = yield* tcpProxy(target.toString())
  const command = yield* outside(target.toString())
  const wipe = Effect.asVoid(command("FLUSHDB"))
  yield* wipe
  const made: TestValkey = {
    url: proxy.url,
    kill: Effect.andThen(proxy.refuse, wipe),
    start: proxy.accept,
    freeze: proxy.vanish,
    thaw: proxy.accept,
    wipe,
    command
  }
  return made
})

export const freshValkey = Effect.suspend(() => {
  const { program, url } = inject("valkey")
  return program === null ? throughProxy(url!) : valkeyProgram(program)
})
