// The order of everything: each scenario in a world of its own per contender, rounds of all contenders in
// turn, the first contender of a round a different one each time.
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import { type Contender, contendersOf } from "./contenders.ts"
import { type Machine, prepareMachine } from "./machine.ts"
import type { Options } from "./options.ts"
import { chosen } from "./scenarios/catalogue.ts"
import type { Outcome, Scenario } from "./scenarios/scenario.ts"
import { type World, worldOf } from "./world.ts"

export interface Round extends Outcome {
  readonly scenario: string
  readonly contender: string
  /** 0 warms up. */
  readonly nth: number
}

/** Everything that was counted says the same number, and not none. */
export const addsUp = ({ counts }: Outcome): boolean =>
  counts.every((record) => new Set(Object.values(record)).size === 1 && Object.values(record)[0] !== 0)

const turned = <A>(all: ReadonlyArray<A>, by: number): ReadonlyArray<A> =>
  all.map((_, index) => all[(index + by) % all.length]!)

type WorldFor = (contender: Contender, scenario: Scenario) => Effect.Effect<World, Error, Scope.Scope>

const fresh = (machine: Machine): WorldFor => (contender, { runners = 1, wave = 0 }) =>
  worldOf(machine, contender, { runners, wave })

/** Quick, for a look at whether all works: what earlier scenarios left in it would bend what is measured. */
const sharing = (machine: Machine, scope: Scope.Scope): WorldFor => {
  const known = new Map<string, World>()
  return Effect.fnUntraced(function*(contender, { runners = 1 }) {
    const key = `${contender.name} ${runners}`
    const world = known.get(key) ??
      (yield* Scope.provide(worldOf(machine, contender, { runners, wave: 0 }), scope))
    known.set(key, world)
    return world
  })
}

const play = Effect.fnUntraced(
  function*(
    worldFor: WorldFor,
    contenders: ReadonlyArray<Contender>,
    scenario: Scenario,
    { rounds, size, warm_up }: Options,
    say: (round: Round) => void
  ) {
    const playing = contenders.filter(({ name }) => scenario.without?.includes(name) !== true)
    // Nothing is measured yet: the contenders get ready beside each other.
    const ready = yield* Effect.forEach(playing, (contender) =>
      Effect.gen(function*() {
        const world = yield* worldFor(contender, scenario)
        const round = yield* Effect.promise(() => scenario.prepare(world, size))
        return { name: contender.name, round, world }
      }), { concurrency: "unbounded" })
    const done: Array<Round> = []
    for (let nth = warm_up ? 0 : 1; nth <= rounds; nth += 1) {
      for (const { name, round } of turned(ready, nth)) {
        const outcome = yield* Effect.promise(() => round(nth))
        const said = { ...outcome, scenario: scenario.name, contender: name, nth }
        say(said)
        if (nth > 0) done.push(said)
      }
    }
    yield* Effect.promise(() => Promise.all(ready.map(({ world }) => world.load.ask("clear", undefined))))
    return done
  },
  Effect.scoped
)

/** Every counted round, in the order in which they ran. */
export const runPeers = Effect.fnUntraced(function*(options: Options, say: (round: Round) => void) {
  const contenders = contendersOf(options.only, options.against)
  const scenarios = chosen(options.scenarios)
  const machine = yield* prepareMachine(contenders, options.postgres)
  const worldFor = options.share_worlds ? sharing(machine, yield* Effect.scope) : fresh(machine)
  const all: Array<Round> = []
  for (const scenario of scenarios) all.push(...yield* play(worldFor, contenders, scenario, options, say))
  return { rounds: all, contenders: contenders.map(({ name }) => name), durability: machine.durability }
}, Effect.scoped)
