// Whether a Valkey throws away keys that have no end of their own when its memory is full, and how many it
// has thrown away. What needs all of its keys proves with that number that none is missing.

export interface Eviction {
  /** What an operator should know and do. */
  readonly warning: string
  /** Keys thrown away since the process started, whoever's they were. */
  readonly evicted: number
}

const field = (info: string, name: string): string | undefined =>
  info.split(/\r?\n/).find((line) => line.startsWith(`${name}:`))?.slice(name.length + 1).trim()

/** `info`: all of it. Without a limit nothing is thrown away; a full one without a policy refuses instead. */
export const evictionOf = (info: string): Eviction | null => {
  const policy = field(info, "maxmemory_policy") ?? ""
  if (!(Number(field(info, "maxmemory") ?? 0) > 0) || !policy.startsWith("allkeys-")) return null
  return {
    warning: `maxmemory-policy is ${policy}: as soon as any key is thrown away PostgreSQL answers. ` +
      "Set noeviction, or a volatile policy.",
    evicted: Number(field(info, "evicted_keys") ?? 0)
  }
}

/** Lua: changes as soon as any key is thrown away, and where another process answers. */
export const evictionProof = `
local function proof()
  return string.match(redis.call('INFO', 'server'), 'run_id:(%w+)') .. '/' ..
    string.match(redis.call('INFO', 'stats'), 'evicted_keys:(%d+)')
end
`
