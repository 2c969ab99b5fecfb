// Defects: the server logs an error for a programmer's mistake. Failures from outside are logged as warnings.
import type { MakeRule } from "./rule.ts"

/**
 * Errors that are no defects: the cluster library and retries log them of a database that does not answer,
 * and the server logs one for staff when the provider took another amount than it was asked to.
 */
const outsideCauses = [
  "Shard lock storage is unhealthy",
  " Unavailable: ",
  "the provider reported another amount than was asked for"
]

export const defects: MakeRule = (context, complain) => {
  const { log } = context
  let seen = 0
  const scanLog = () => {
    for (; seen < log.length; seen += 1) {
      const line = log[seen]
      if (line?.level !== "Error" || outsideCauses.some((text) => line.text.includes(text))) continue
      complain(`${line.process} logged an error: ${line.text.slice(0, 300)}`)
    }
  }
  return { onInterval: scanLog, end: scanLog }
}
