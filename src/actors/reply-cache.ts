// The last outcomes of one actor, so that a quick repeat costs nothing. Bounded; the rest is in
// commands_seen. Refusals are not kept: they changed nothing, so a repeat may be decided anew.
import type { ActorLimits } from "./actor-limits.ts"
import type { Call } from "./turn-call.ts"

export const makeReplyCache = <Reply>({ replies_kept }: Pick<ActorLimits, "replies_kept">) => {
  const replies = new Map<string, Reply>()
  const keyOf = (call: Call<unknown>): string | null =>
    call.command_id === null ? null : `${call.sender_id} ${call.command_id}`
  return {
    get: (call: Call<unknown>): Reply | undefined => {
      const key = keyOf(call)
      return key === null ? undefined : replies.get(key)
    },
    put: (call: Call<unknown>, reply: Reply): void => {
      const key = keyOf(call)
      if (key === null) return
      replies.set(key, reply)
      if (replies.size > replies_kept) replies.delete(replies.keys().next().value as string)
    }
  }
}
