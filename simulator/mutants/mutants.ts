// Planted bugs: each breaks one guard of the server, and some rule of the checkers must notice. One that
// nobody notices is a missing rule, or a fault that never strikes.
import type { Sabotage } from "../server/mutation.ts"
import { commits } from "./commits.ts"
import { ports } from "./ports.ts"

export type Canary = keyof typeof commits | keyof typeof ports

export const canaries = Object.fromEntries(
  Object.entries<Omit<Sabotage, "name">>({ ...commits, ...ports }).map(([name, broken]) => [
    name,
    { name, ...broken }
  ])
) as Readonly<Record<Canary, Sabotage>>

/** For the command line: throws what a person can read. */
export const canaryNamed = (name: string): Sabotage => {
  const found = (canaries as Readonly<Record<string, Sabotage>>)[name]
  if (found !== undefined) return found
  throw new Error(`there is no canary "${name}"; expected one of ${Object.keys(canaries).join(", ")}`)
}
