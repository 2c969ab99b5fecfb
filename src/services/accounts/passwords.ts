// Passwords: slow hashes for staff passwords. The stored string carries its own parameters, so that they
// can be raised without touching old rows. A port of its own: argon2 answers from the thread pool, which
// simulated time cannot wait for, so the simulator hashes at once.
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"

export class Passwords extends Context.Service<Passwords, {
  readonly hash: (password: string) => Effect.Effect<string>
  /** False for a wrong password and for a hash this server cannot read. */
  readonly verify: (password: string, hash: string) => Effect.Effect<boolean>
}>()("halobestie/services/Passwords") {}
