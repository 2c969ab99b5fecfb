// The last outcomes of one actor, so that a quick repeat costs nothing. Bounded; the rest is in
// commands_seen. Refusals are not kept: they changed nothing, so a repeat may be decided anew.
import type { Call } from "./machine.ts"

const kept = 64

export const makeOutcomes = <Reply>() => {
  const outcomes = new Map<string, Reply>()
  const keyOf = (call: Call<unknown>): string | null =>
    call.command_id === null ? null : `${call.sender_id} ${call.command_id}`
  return {
    get: (call: Call<unknown>): Reply | undefined => {
      const key = keyOf(call)
      return key === null ? undefined : outcomes.get(key)
    },
    put: (call: Call<unknown>, reply: Reply): void => {
      const key = keyOf(call)
      if (key === null) return
      outcomes.set(key, reply)
      if (outcomes.size > kept) outcomes.delete(outcomes.keys().next().value as string)
    }
  }
}
