// The kinds of faults that strike a soak. A fault is drawn with all its numbers before it strikes, so that a
// seed says what happens; `strike` does it, and `undo` answers when it is over and whole again.
import * as Effect from "effect/Effect"
import type { Prng } from "../simulator/kernel/prng.ts"
import type { TcpProxy } from "../test/support/tcp-proxy.ts"
import type { Runner } from "./runner.ts"
import type { Site } from "./site.ts"

export interface Drawn {
  readonly name: string
  /** In a line of the report. */
  readonly text: string
  readonly last_ms: number
  /** Two faults of one runner, or of one store, are not put on each other. */
  readonly place: string
  readonly strike: (site: Site) => Promise<void>
  readonly undo: (site: Site) => Promise<void>
}

type Kind = (prng: Prng, name: string) => Drawn
const run = <A>(effect: Effect.Effect<A>): Promise<A> => Effect.runPromise(effect)
const nothing = () => Promise.resolve()

const chosenRunner = (prng: Prng): number => prng.integer(0, 2)
const runnerOf = (site: Site, index: number): Runner => site.runners[index]!

const restart = async (site: Site, runner: Runner): Promise<void> => {
  await site.start(runner)
  await runner.untilReady()
}

const killed: Kind = (prng, name) => {
  const index = chosenRunner(prng)
  return {
    name,
    text: `kill -9 of runner${index + 1}`,
    last_ms: prng.integer(0, 1_500),
    place: `runner${index}`,
    strike: async (site) => void await runnerOf(site, index).end("SIGKILL"),
    undo: (site) => restart(site, runnerOf(site, index))
  }
}

const frozen: Kind = (prng, name) => {
  const index = chosenRunner(prng)
  const last_ms = prng.integer(300, prng.chance(0.25) ? 9_000 : 2_500)
  return {
    name,
    text: `runner${index + 1} frozen for ${last_ms} ms`,
    last_ms,
    place: `runner${index}`,
    strike: async (site) => runnerOf(site, index).signal("SIGSTOP"),
    undo: async (site) => runnerOf(site, index).signal("SIGCONT")
  }
}

const drain = async (site: Site, runner: Runner): Promise<void> => {
  const code = await runner.end("SIGTERM")
  if (code !== 0) {
    const last = runner.process?.lines.slice(-8).join("\n")
    site.findings.violation(`a drain of ${runner.name} ended with ${code}\n${last}`)
  }
}

const drained: Kind = (prng, name) => {
  const index = chosenRunner(prng)
  return {
    name,
    text: `SIGTERM to runner${index + 1}`,
    last_ms: 0,
    place: `runner${index}`,
    strike: (site) => drain(site, runnerOf(site, index)),
    undo: (site) => restart(site, runnerOf(site, index))
  }
}

const rolling: Kind = (_prng, name) => ({
  name,
  text: "a rolling restart of all three",
  last_ms: 0,
  place: "runners",
  strike: async (site) => {
    for (const runner of site.runners) {
      await drain(site, runner)
      await restart(site, runner)
    }
  },
  undo: nothing
})

/** Both ways between one runner and the others; packets wait, as TCP's do, or connections break. */
const waysToPeers = (site: Site, index: number): ReadonlyArray<TcpProxy> => {
  const runner = runnerOf(site, index)
  const to = [...runner.ways!.peers.values()]
  const from = site.runners.flatMap((other) => other.ways!.peers.get(runner.ports[2]) ?? [])
  return [...to, ...from]
}

const each = async (
  ways: ReadonlyArray<TcpProxy>,
  act: (way: TcpProxy) => Effect.Effect<void>
): Promise<void> => {
  for (const way of ways) await run(act(way))
}

const partitioned: Kind = (prng, name) => {
  const index = chosenRunner(prng)
  const last_ms = prng.integer(1_000, prng.chance(0.3) ? 13_000 : 4_000)
  return {
    name,
    text: `runner${index + 1} without its peers for ${last_ms} ms`,
    last_ms,
    place: `runner${index}`,
    strike: (site) => each(waysToPeers(site, index), ({ hold }) => hold),
    undo: (site) => each(waysToPeers(site, index), ({ accept }) => accept)
  }
}

/** One way of one runner or of all: held, refused or late. */
const wayTo = (store: "postgres" | "valkey", how: "held" | "refused"): Kind => (prng, name) => {
  const index = chosenRunner(prng)
  const last_ms = prng.integer(500, prng.chance(0.25) ? 7_000 : 2_500)
  return {
    name,
    text: `runner${index + 1} without ${store} (${how}) for ${last_ms} ms`,
    last_ms,
    place: `runner${index}`,
    strike: (site) => run(runnerOf(site, index).ways![store][how === "held" ? "hold" : "refuse"]),
    undo: (site) => run(runnerOf(site, index).ways![store].accept)
  }
}

const slow = (store: "postgres" | "valkey"): Kind => (prng, name) => {
  const late = prng.integer(5, store === "postgres" ? 60 : 300)
  const last_ms = prng.integer(1_000, 4_000)
  const ways = (site: Site) => site.runners.map((runner) => runner.ways![store])
  return {
    name,
    text: `${store} ${late} ms further away, each way, for ${last_ms} ms`,
    last_ms,
    place: store,
    strike: (site) =>
      each(ways(site), (way) => way.slow(late + (store === "postgres" ? site.distance_ms : 0))),
    undo: (site) => each(ways(site), (way) => way.slow(store === "postgres" ? site.distance_ms : 0))
  }
}

const postgresRestarted: Kind = (prng, name) => {
  const last_ms = prng.integer(0, prng.chance(0.3) ? 5_000 : 1_500)
  return {
    name,
    text: `Postgres restarts and is away for ${last_ms} ms`,
    last_ms,
    place: "postgres",
    strike: (site) => run(site.stopPostgres),
    undo: async (site) => {
      const port = await run(site.startPostgres)
      await each(site.runners.map(({ ways }) => ways!.postgres), (way) => way.pointTo(port))
    }
  }
}

const valkey = (
  text: string,
  strike: (site: Site) => Effect.Effect<unknown>,
  undo: (site: Site) => Effect.Effect<unknown> = () => Effect.void
): Kind =>
(prng, name) => {
  const last_ms = prng.integer(300, 3_000)
  return {
    name,
    text: `Valkey ${text} for ${last_ms} ms`,
    last_ms,
    place: "valkey",
    strike: async (site) => void await run(strike(site)),
    undo: async (site) => void await run(undo(site))
  }
}

/** A policy that is changed is known to runners within two seconds (docs/decisions/0039). */
const evicting = ({ valkey: { command } }: Site) =>
  Effect.gen(function*() {
    yield* command("CONFIG", "SET", "maxmemory-policy", "allkeys-random")
    yield* command("CONFIG", "SET", "maxmemory", "1gb")
    yield* Effect.sleep("4 seconds")
    yield* command("CONFIG", "SET", "maxmemory", "1200000")
  })

const evictingNoMore = ({ valkey: { command } }: Site) =>
  Effect.andThen(
    command("CONFIG", "SET", "maxmemory", "0"),
    command("CONFIG", "SET", "maxmemory-policy", "noeviction")
  )

const clockSet: Kind = (prng, name) => {
  const index = chosenRunner(prng)
  const wrongBy = prng.pick([-600_000, -60_000, -5_000, 5_000, 60_000, 600_000])
  const last_ms = prng.integer(1_000, 6_000)
  return {
    name,
    text: `the clock of runner${index + 1} is set by ${wrongBy} ms for ${last_ms} ms`,
    last_ms,
    place: `runner${index}`,
    strike: async (site) => runnerOf(site, index).setClock(wrongBy),
    undo: async (site) => runnerOf(site, index).setClock(0)
  }
}

const phonesCut: Kind = (prng, name) => {
  const index = chosenRunner(prng)
  return {
    name,
    text: `all phones of runner${index + 1} are cut`,
    last_ms: 300,
    place: `runner${index}`,
    strike: (site) => run(runnerOf(site, index).ways!.phones.cut),
    undo: nothing
  }
}

/** They changed networks: their sockets are open and carry nothing, and nobody is told. */
const phonesSilent: Kind = (prng, name) => {
  const index = chosenRunner(prng)
  return {
    name,
    text: `all phones of runner${index + 1} fall silent`,
    last_ms: 300,
    place: `runner${index}`,
    strike: (site) => run(runnerOf(site, index).ways!.phones.silence),
    undo: nothing
  }
}

const phonesSlow: Kind = (prng, name) => {
  const index = chosenRunner(prng)
  const late = prng.integer(50, 400)
  const last_ms = prng.integer(1_000, 3_000)
  return {
    name,
    text: `phones of runner${index + 1} are ${late} ms further away for ${last_ms} ms`,
    last_ms,
    place: `runner${index}`,
    strike: (site) => run(runnerOf(site, index).ways!.phones.slow(late)),
    undo: (site) => run(runnerOf(site, index).ways!.phones.slow(0))
  }
}

/** Of each kind: how often it is drawn beside the others. */
const kinds: Readonly<Record<string, readonly [Kind, number]>> = {
  "kill": [killed, 3],
  "freeze": [frozen, 3],
  "drain": [drained, 2],
  "rolling-restart": [rolling, 1],
  "partition": [partitioned, 3],
  "without-postgres": [wayTo("postgres", "held"), 2],
  "refused-by-postgres": [wayTo("postgres", "refused"), 2],
  "postgres-restart": [postgresRestarted, 2],
  "postgres-slow": [slow("postgres"), 2],
  "without-valkey": [wayTo("valkey", "held"), 1],
  "valkey-killed": [valkey("is killed", ({ valkey }) => valkey.kill, ({ valkey }) => valkey.start), 2],
  "valkey-empty": [valkey("is emptied", ({ valkey }) => valkey.wipe), 2],
  "valkey-full": [
    valkey(
      "is full",
      ({ valkey: { command } }) => command("CONFIG", "SET", "maxmemory", "1"),
      ({ valkey: { command } }) => command("CONFIG", "SET", "maxmemory", "0")
    ),
    1
  ],
  "valkey-evicts": [valkey("throws keys away", evicting, evictingNoMore), 1],
  "valkey-frozen": [valkey("is frozen", ({ valkey }) => valkey.freeze, ({ valkey }) => valkey.thaw), 1],
  "valkey-read-only": [
    valkey(
      "takes no writes",
      ({ valkey: { command } }) => command("REPLICAOF", "127.0.0.1", "1"),
      ({ valkey: { command } }) => command("REPLICAOF", "NO", "ONE")
    ),
    1
  ],
  "valkey-slow": [slow("valkey"), 1],
  "clock-set": [clockSet, 2],
  "phones-cut": [phonesCut, 3],
  "phones-silent": [phonesSilent, 1],
  "phones-slow": [phonesSlow, 1]
}

export const faultNames: ReadonlyArray<string> = Object.keys(kinds)

export const drawFault = (prng: Prng, among: ReadonlyArray<string>): Drawn => {
  const weighted = among.flatMap((name) => Array.from({ length: kinds[name]![1] }, () => name))
  const name = prng.pick(weighted)
  return kinds[name]![0](prng, name)
}
