// Which mechanical mutant is planted in this process, and which were reached: woven code asks at run time.
const active = { number: Number(process.env["MUTANT"] ?? -1) }
const reached = new Set<number>()

export const isMutant = (number: number): boolean => {
  reached.add(number)
  return number === active.number
}

export const plant = (number: number): void => {
  active.number = number
}

/** What was reached since the last time it was asked. */
export const takeReached = (): ReadonlyArray<number> => {
  const taken = [...reached]
  reached.clear()
  return taken
}
