// Mutants: each is a planted bug that breaks one guard of the server, and some rule of the checkers must
// catch it. One that no rule catches shows a missing rule, or a fault that never strikes.
import type { Mutation } from "../server/mutation.ts"
import { commits } from "./commits.ts"
import { luaMutants } from "./lua.ts"
import { ports } from "./ports.ts"
import { sqlMutants } from "./sql.ts"

export type Mutant = keyof typeof commits | keyof typeof ports

export const mutants = Object.fromEntries(
  Object.entries<Omit<Mutation, "name">>({ ...commits, ...ports }).map(([name, broken]) => [
    name,
    { name, ...broken }
  ])
) as Readonly<Record<Mutant, Mutation>>

/** Those for worlds on real stores: what they break is a text that memory does not have. */
const inTexts: Readonly<Record<string, Mutation>> = Object.fromEntries(
  Object.entries<Omit<Mutation, "name">>({ ...sqlMutants, ...luaMutants })
    .map(([name, broken]) => [name, { name, ...broken }])
)

/** For the command line: throws what a person can read. */
export const mutantNamed = (name: string): Mutation => {
  const found = (mutants as Readonly<Record<string, Mutation>>)[name] ?? inTexts[name]
  if (found !== undefined) return found
  throw new Error(
    `there is no mutant "${name}"; expected one of ${
      [...Object.keys(mutants), ...Object.keys(inTexts)].join(", ")
    }`
  )
}
