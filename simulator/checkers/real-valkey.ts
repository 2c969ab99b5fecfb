// Real Valkey: where one is asked beside the simulated one, both answer the same, and no script fails there.
import type { MakeRule } from "./rule.ts"

export const realValkey: MakeRule = ({ valkey }, complain) => {
  if (valkey === null) return {}
  let seen = 0
  const look = () => {
    for (; seen < valkey.differences.length; seen += 1) {
      complain(`a real Valkey answers otherwise: ${valkey.differences[seen]}`)
    }
  }
  const lookAtAll = () => {
    valkey.compare()
    look()
  }
  return { onInterval: look, end: lookAtAll }
}
