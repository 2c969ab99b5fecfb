// The server's own word for a programmer's mistake: it logs an error. Trouble from outside is a warning.
import type { MakeRule } from "./rule.ts"

/**
 * Said of a database that does not answer, by the cluster library, and by whoever tries again; and of a
 * provider that took another amount than it was asked to: somebody must look at that.
 */
const troubleFromOutside = [
  "Shard lock storage is unhealthy",
  " Unavailable: ",
  "the provider reported another amount than was asked for"
]

export const defects: MakeRule = (scene, complain) => {
  const { log } = scene
  let seen = 0
  const look = () => {
    for (; seen < log.length; seen += 1) {
      const line = log[seen]
      if (line?.level !== "Error" || troubleFromOutside.some((text) => line.text.includes(text))) continue
      complain(`${line.process} logged an error: ${line.text.slice(0, 300)}`)
    }
  }
  return { beat: look, end: look }
}
