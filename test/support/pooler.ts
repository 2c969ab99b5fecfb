// PgBouncer in transaction mode in front of a test's database, as the "pooled" url of many hosters leads to.
// Gone with its scope.
import { spawn } from "node:child_process"
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Net from "node:net"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { freePort } from "../../src/layers/platform/free-port.ts"

const answers = (port: number) =>
  Effect.callback<void, Error>((resume) => {
    const socket = Net.connect({ port, host: "127.0.0.1" })
    socket.once("connect", () => (socket.destroy(), resume(Effect.void)))
    socket.once("error", (error) => resume(Effect.fail(error)))
  }).pipe(Effect.retry(Schedule.spaced("50 millis")), Effect.timeout("10 seconds"), Effect.orDie)

/** `ignored`: start parameters that it leaves out, as every guide tells people to when it refuses them. */
export const poolerOf = Effect.fnUntraced(function*(databaseUrl: string, ignored = "") {
  const { hostname, password, pathname, port, username } = new URL(databaseUrl)
  const own = yield* Effect.orDie(freePort)
  const name = pathname.slice(1)
  const folder = mkdtempSync(join(tmpdir(), "halobestie-pooler-"))
  const file = join(folder, "pgbouncer.ini")
  const secret = password === "" ? "" : ` password=${password}`
  writeFileSync(
    file,
    `[databases]
${name} = host=${hostname} port=${port} dbname=${name} user=${username}${secret}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${own}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 2
ignore_startup_parameters = ${ignored}
`
  )
  chmodSync(folder, 0o755)
  const as = process.getuid?.() === 0 ? ["-u", "postgres"] : []
  yield* Effect.acquireRelease(
    Effect.sync(() =>
      spawn("pgbouncer", [...as, file], {
        stdio: "ignore",
        env: { PATH: `${process.env["PATH"]}:/usr/sbin` }
      })
    ),
    (child) => Effect.sync(() => (child.kill("SIGKILL"), rmSync(folder, { recursive: true, force: true })))
  )
  yield* answers(own)
  const url = new URL(databaseUrl)
  url.host = `127.0.0.1:${own}`
  return url.toString()
})
