// What every bench counts with: medians, because these machines are noisy, and the CPU time of a process.
import { readFileSync } from "node:fs"

export const median = (values: ReadonlyArray<number>): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0

const ticksPerMs = 0.1

/** CPU time a process has used so far, in ms. Linux only: it throws where there is no /proc. */
export const cpuMsOf = (pid: number): number => {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  return (Number(fields[11]) + Number(fields[12])) / ticksPerMs
}
