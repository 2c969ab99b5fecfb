// A Valkey whose n-th call from now goes wrong: refused without being run, run with its answer lost after a
// stall, or answered with nonsense.
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { unavailable, Valkey } from "../../../../src/layers/platform/valkey/connection.ts"

export const faults = ["refused", "lost", "nonsense"] as const
export type Fault = (typeof faults)[number]

const stall = "40 millis"

export class Faults extends Context.Service<Faults, {
  /** The `call`-th call from now, counting from 1, goes wrong; once. */
  readonly arm: (call: number, fault: Fault) => Effect.Effect<void>
  /** True if it went wrong since; disarms. */
  readonly fired: Effect.Effect<boolean>
}>()("halobestie/test/Faults") {}

const make = Effect.gen(function*() {
  const real = yield* Valkey
  let armed: { call: number; readonly fault: Fault } | null = null
  let fired = false

  const faulty = (ask: Effect.Effect<unknown, typeof unavailable>) =>
    Effect.suspend(() => {
      if (armed === null || --armed.call > 0) return ask
      const { fault } = armed
      armed = null
      fired = true
      if (fault === "refused") return Effect.fail(unavailable)
      if (fault === "nonsense") return Effect.succeed("?")
      return Effect.ignore(ask).pipe(
        Effect.andThen(Effect.sleep(stall)),
        Effect.andThen(Effect.fail(unavailable))
      )
    })

  const valkey = Valkey.of({
    ...real,
    call: (command, ...args) => faulty(real.call(command, ...args)),
    run: (script, args, within_ms) => faulty(real.run(script, args, within_ms))
  })
  const control = Faults.of({
    arm: (call, fault) =>
      Effect.sync(() => {
        armed = { call, fault }
        fired = false
      }),
    fired: Effect.sync(() => {
      armed = null
      return fired
    })
  })
  return Context.make(Valkey, valkey).pipe(Context.add(Faults, control))
})

export const withFaults = <E, R>(valkey: Layer.Layer<Valkey, E, R>) =>
  Layer.effectContext(make).pipe(Layer.provide(valkey))
