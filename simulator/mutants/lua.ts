// Guards of the mirror's scripts, broken one at a time in their text. Only a world with a Valkey runs them.
import type { Mutation } from "../server/mutation.ts"

type Broken = Omit<Mutation, "name">

const replacing = (says: string, script: string, text: string, by: string): Broken => ({
  says,
  lua: ({ lua, name }) => name === script ? lua.replace(text, by) : lua
})

export const luaMutants = {
  "lua-kept-online": replacing(
    "who goes offline stays among those online in the mirror",
    "apply",
    "redis.call(listed and 'SADD' or 'SREM'",
    "redis.call(listed and 'SADD' or 'SISMEMBER'"
  ),
  // The simulated Valkey runs a Lua of its own, to which all of these numbers are whole.
  "lua-long-numbers": replacing(
    "the place in the queue is written as Lua 5.1 writes large numbers",
    "apply",
    "string.format('%016.0f', tonumber(since))",
    "'000' .. (tonumber(since) * 100)"
  ),
  "lua-five-three": replacing(
    "a script divides as only a later Lua than Valkey's can",
    "candidates",
    "math.max(16, math.min(256, limit - (#out - 1) / 4))",
    "math.max(16, math.min(256, limit - (#out - 1) // 4))"
  )
} satisfies Record<string, Broken>
