// What Postgres refuses by constraint, for the memory adapters: a violated one is a programmer's
// mistake there (it dies, see postgres/failure.ts), so here it is thrown inside Effect.sync and dies.

export class ConstraintViolated extends Error {
  readonly constraint: string
  constructor(constraint: string) {
    super(`constraint violated: ${constraint}`)
    this.constraint = constraint
  }
}

/** Dies with the constraint's name unless it holds. Call it before the first write of the step. */
export const hold = (holds: boolean, constraint: string): void => {
  if (!holds) throw new ConstraintViolated(constraint)
}

/** A foreign key that may be absent. */
export const holdReference = (
  rows: ReadonlyMap<string, unknown>,
  id: string | null,
  constraint: string
): void => hold(id === null || rows.has(id), constraint)

export const isPhone = (phone: string): boolean => /^\+[1-9][0-9]{6,14}$/.test(phone)

/** Postgres counts characters, not UTF-16 units. */
export const characters = (text: string): number => [...text].length
