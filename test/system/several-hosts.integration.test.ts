// Runners on hosts of their own, in network namespaces: a runner that the others do not reach at the address
// it advertises is not ready and says so; with right addresses chats cross hosts; a partition is noticed.
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { sleep } from "../../testkit/phone.mjs"
import { forwarded, network, type Network, runnerOn } from "../support/hosts.ts"
import { freshDatabaseUrl } from "../support/postgres.ts"
import { seedDatabase, type ServerProcess } from "../support/server-process.ts"
import { customer, mitra, pair, send } from "./people.ts"

type Runner = Effect.Success<ReturnType<typeof runnerOn>>

const statusOf = async ({ httpUrl }: Runner): Promise<string> => {
  const answer = await fetch(`${httpUrl}/readyz`, { signal: AbortSignal.timeout(2_000) }).catch(() => null)
  return answer === null ? "nobody" : ((await answer.json()) as { status: string }).status
}

/** Looks until the runners say what is expected, as a balancer does; the last answers otherwise. */
const settlesTo = (runners: ReadonlyArray<Runner>, expected: ReadonlyArray<string>, withinMs = 40_000) =>
  Effect.promise(async () => {
    const giveUpAt = performance.now() + withinMs
    for (;;) {
      const statuses = (await Promise.all(runners.map(statusOf))).toSorted()
      const isThere = JSON.stringify(statuses) === JSON.stringify(expected)
      if (isThere || performance.now() > giveUpAt) {
        return assert.deepStrictEqual(
          statuses,
          expected,
          runners.map(({ lines }) => lines.join("\n")).join("\n--\n")
        )
      }
      await sleep(500)
    }
  })

/** These are development servers that others reach: on networks of this test. */
const open = { ALLOW_INSECURE_DEVELOPMENT: "true", PUBLIC_HOST: "0.0.0.0" }

const started = Effect.fnUntraced(
  function*(hosts: number, runnerHost: (made: Network, host: number) => string) {
    const url = yield* freshDatabaseUrl
    yield* seedDatabase(url)
    const made = yield* network(hosts)
    const DATABASE_URL = yield* forwarded(url, made)
    const runners: Array<Runner> = []
    for (let host = 1; host <= hosts; host++) {
      runners.push(
        yield* runnerOn(made, host, { DATABASE_URL, RUNNER_HOST: runnerHost(made, host), ...open })
      )
    }
    return { made, runners }
  }
)

/** The customer on one host, the mitra on another; the session's actor may live on either. */
const chatAcross = (one: Runner, other: Runner) =>
  Effect.promise(async () => {
    const [sari, ayu] = [
      await customer(one as Pick<ServerProcess, "httpUrl"> & Runner),
      await mitra(other, 1)
    ]
    const session = await pair(one as unknown as ServerProcess, sari, ayu, "chat_60")
    await send(sari, session, "across hosts")
    const heard = (event: { fact?: { message?: { body: string } } }) =>
      event.fact?.message?.body === "across hosts"
    await ayu.phone.event("the message", heard, 10_000)
    await sari.phone.call("chat.end", { command_id: crypto.randomUUID(), session_id: session })
  })

describe("runners on hosts of their own", { timeout: 240_000 }, () => {
  it.live("that advertise loopback are not both ready: the one whom the other cannot reach says so", () =>
    Effect.gen(function*() {
      const { runners } = yield* started(2, () => "127.0.0.1")
      yield* settlesTo(runners, ["cluster_isolated", "ready"])
    }))

  it.live("that advertise their own addresses chat across hosts; a partition is noticed and heals", () =>
    Effect.gen(function*() {
      const { made, runners } = yield* started(3, (network, host) => network.address(host))
      const [one, two, three] = runners as [Runner, Runner, Runner]
      yield* settlesTo(runners, ["ready", "ready", "ready"])
      yield* chatAcross(one, two)
      yield* chatAcross(two, three)
      // The third is alone; the other two are many.
      made.cut(1, 3)
      made.cut(2, 3)
      yield* settlesTo(runners, ["cluster_isolated", "ready", "ready"], 60_000)
      made.heal(1, 3)
      made.heal(2, 3)
      yield* settlesTo(runners, ["ready", "ready", "ready"], 60_000)
      yield* chatAcross(three, one)
    }))
})
