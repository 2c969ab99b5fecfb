// A real Valkey forgets by its own clock, a world by virtual time. What a script or command lets expire is
// therefore written down with its virtual instant, lives on for years by Valkey's clock, and is deleted in
// the call that comes first after that instant. All else a script asks is passed on as it is.
import { createHash } from "node:crypto"

/** Kept by no adapter: its own instants, by key. */
const expiriesKey = "simulator:expiries"

const prelude = `
local real_call, virtual_now = redis.call, tonumber(table.remove(ARGV))
for _, key in ipairs(real_call('ZRANGEBYSCORE', '${expiriesKey}', '-inf', virtual_now)) do
  if real_call('PTTL', key) > 0 then real_call('DEL', key) end
  real_call('ZREM', '${expiriesKey}', key)
end
local years = 1000000
local function note(key, ms) real_call('ZADD', '${expiriesKey}', virtual_now + ms, key) end
local redis = {call = function(name, ...)
  local verb, args = string.upper(name), {...}
  if verb == 'PEXPIRE' or verb == 'EXPIRE' then
    local reply = real_call(verb, args[1], args[2] * years)
    if reply == 1 then note(args[1], verb == 'EXPIRE' and args[2] * 1000 or args[2]) end
    return reply
  end
  if verb == 'SET' and string.upper(args[#args - 1]) == 'PX' then
    local ms = args[#args]
    args[#args] = ms * years
    local reply = real_call('SET', unpack(args))
    if reply then note(args[1], ms) end
    return reply
  end
  return real_call(name, ...)
end}
`

export interface Timed {
  readonly lua: string
  readonly sha: string
}

/** The script with another `redis.call`; its last argument is the virtual time in milliseconds. */
export const onVirtualTime = (lua: string): Timed => {
  const whole = `${prelude}${lua}`
  return { lua: whole, sha: createHash("sha1").update(whole).digest("hex") }
}

/** One command, as a script of its own. */
export const anyCommand = onVirtualTime("return redis.call(unpack(ARGV))")
