// What is asked of the mirror, and the heartbeat, each as one script: one round trip, one instant. Every
// answer begins with the mirror's generation; an empty or half-filled Valkey says so instead of answering.
import { allWantKeys, deactivatedBucket, drainingBucket, keys } from "./keys.ts"
import { evictionProof } from "../../platform/valkey/eviction.ts"
import { script } from "../../platform/valkey/script.ts"

/** The whole answer of a Valkey that has no complete mirror. */
export const unseeded = "unseeded"

const whole = `${evictionProof}
local mirror = redis.call('HMGET', '${keys.state}', 'generation', 'born_at', 'kept')
if not mirror[2] or (mirror[3] and mirror[3] ~= proof()) then return {'${unseeded}'} end
`

/** ARGV: id, time in ms, time as text, again and again. Answers s(een), o(ffline), d(eactivated) for each. */
export const heartbeat = script(
  "heartbeat",
  `${whole}
local out = {mirror[1]}
for i = 1, #ARGV, 3 do
  local id = ARGV[i]
  if redis.call('SISMEMBER', '${keys.deactivated}', id) == 1 then
    out[#out + 1] = 'd'
  elseif redis.call('SISMEMBER', '${keys.online}', id) == 0 then
    out[#out + 1] = 'o'
  else
    local bucket = redis.call('HGET', '${keys.card}' .. id, 'bucket')
    local seen = bucket and redis.call('ZSCORE', '${keys.seen}' .. bucket, id)
    if not seen then
      out[#out + 1] = 'o'
    else
      if tonumber(ARGV[i + 1]) > tonumber(seen) then
        redis.call('ZADD', '${keys.seen}' .. bucket, ARGV[i + 1], id)
        redis.call('SET', '${keys.heartbeat}' .. id, ARGV[i + 2])
      end
      out[#out + 1] = 's'
    end
  end
end
return out`
)

/** ARGV: id. Answers the time in ms, or '' when she is not online. */
export const lastHeartbeat = script(
  "last_heartbeat",
  `${whole}
local bucket = redis.call('HGET', '${keys.card}' .. ARGV[1], 'bucket')
local seen = bucket and bucket ~= '' and redis.call('ZSCORE', '${keys.seen}' .. bucket, ARGV[1])
return {mirror[1], seen or ''}`
)

/** Those of the background that one count looks at, in all; beyond them it counts nobody. */
const backgroundMax = 5_000

/**
 * ARGV: stale before ('' when pings are not required), capacity, stale before for whom a push can reach
 * ('' for no difference). Answers online, available.
 */
export const counts = script(
  "counts",
  `${whole}
local available, looked = 0, ${backgroundMax}
for bucket = 0, tonumber(ARGV[2]) - 1 do
  local key = '${keys.seen}' .. bucket
  if ARGV[1] == '' then
    available = available + redis.call('ZCARD', key)
  else
    available = available + redis.call('ZCOUNT', key, '(' .. ARGV[1], '+inf')
    if ARGV[3] ~= '' and looked > 0 then
      local silent = redis.call('ZRANGEBYSCORE', key, '(' .. ARGV[3], ARGV[1], 'LIMIT', 0, looked)
      looked = looked - #silent
      for _, id in ipairs(silent) do
        if redis.call('HGET', '${keys.card}' .. id, 'device') == '1' then available = available + 1 end
      end
    end
  end
end
local online = redis.call('SCARD', '${keys.online}') + redis.call('ZCARD', '${keys.seen}${deactivatedBucket}')
return {mirror[1], online, available}`
)

/**
 * ARGV: stale before, limit, stale before for whom a push can reach. Answers when this mirror was born, then
 * ids, longest silent first, ties by id.
 * A mirror born later than that was filled from rows, which learn of pings late: it does not know.
 */
export const stale = script(
  "stale",
  `${whole}
local limit = tonumber(ARGV[2])
local background = tonumber(ARGV[3])
local found = {}

local function look(key)
  local from, left = 0, limit
  while left > 0 do
    local page = redis.call('ZRANGEBYSCORE', key, '-inf', ARGV[1], 'WITHSCORES', 'LIMIT', from, limit)
    for i = 1, #page, 2 do
      local id, seen = page[i], tonumber(page[i + 1])
      if left > 0 and (seen <= background or redis.call('HGET', '${keys.card}' .. id, 'device') ~= '1') then
        found[#found + 1] = {id, seen}
        left = left - 1
      end
    end
    if #page < 2 * limit then break end
    from = from + limit
  end
end

for bucket = 0, 32 do look('${keys.seen}' .. bucket) end
look('${keys.seen}${deactivatedBucket}')
look('${keys.seen}${drainingBucket}')
table.sort(found, function(a, b)
  if a[2] ~= b[2] then return a[2] < b[2] end
  return a[1] < b[1]
end)
local out = {mirror[1], mirror[2]}
for i = 1, math.min(limit, #found) do out[i + 2] = found[i][1] end
return out`
)

/**
 * ARGV: stale before ('' for no matter), capacity, limit, only ('' for all), declined since ('' for
 * no matter), open offers below, stale before for whom a push can reach ('' for no difference), the want,
 * then the ids to leave out. Answers id, name, sessions, the wants she fits, again and again.
 * Walks the order of asking from its head and stops at the limit: who is at the tail costs nothing.
 */
export const candidates = script(
  "candidates",
  `${whole}
local stale_before, limit, only = tonumber(ARGV[1]), tonumber(ARGV[3]), ARGV[4]
local declined_since, open_below = tonumber(ARGV[5]), tonumber(ARGV[6])
local background, want = tonumber(ARGV[7]), ARGV[8]
local left_out = {}
for i = 9, #ARGV do left_out[ARGV[i]] = true end
local out = {mirror[1]}

local function consider(id, bucket)
  if left_out[id] then return end
  local seen = redis.call('ZSCORE', '${keys.seen}' .. bucket, id)
  local is_silent = not seen or (stale_before and tonumber(seen) <= stale_before)
  if is_silent and not (seen and background and tonumber(seen) > background) then return end
  local card = redis.call('HMGET', '${keys.card}' .. id, 'bucket', 'name', 'open', 'declined', 'device',
    'wants')
  if is_silent and card[5] ~= '1' then return end
  if not string.find(' ' .. (card[6] or '') .. ' ', ' ' .. want .. ' ', 1, true) then return end
  if card[1] ~= tostring(bucket) or tonumber(card[3]) >= open_below then return end
  if declined_since and card[4] ~= '' and tonumber(card[4]) >= declined_since then return end
  out[#out + 1] = id
  out[#out + 1] = card[2]
  out[#out + 1] = tostring(bucket)
  out[#out + 1] = card[6]
end

if only ~= '' then
  local bucket = tonumber(redis.call('HGET', '${keys.card}' .. only, 'bucket') or '')
  if bucket and bucket < tonumber(ARGV[2]) and limit > 0 then consider(only, bucket) end
  return out
end
for bucket = 0, tonumber(ARGV[2]) - 1 do
  local from = 0
  while (#out - 1) / 4 < limit do
    local step = math.max(16, math.min(256, limit - (#out - 1) / 4))
    local page = redis.call('ZRANGE', '${keys.queue}' .. bucket .. ':' .. want, from, from + step - 1)
    for _, member in ipairs(page) do
      if (#out - 1) / 4 >= limit then break end
      consider(string.sub(member, -36), bucket)
    end
    if #page < step then break end
    from = from + step
  end
end
return out`
)

/**
 * Answers the sorted sets that have members, as kind, bucket (of a queue with its want), again and again.
 * Queues without a want are an older version's. Needs no whole mirror.
 */
export const filled = script(
  "filled",
  `
local out = {}
local function look(kind, key, name)
  if redis.call('EXISTS', key .. name) == 1 then
    out[#out + 1] = kind
    out[#out + 1] = name
  end
end
local names = {'${deactivatedBucket}', '${drainingBucket}'}
for bucket = 0, 32 do names[#names + 1] = tostring(bucket) end
for _, name in ipairs(names) do
  look('seen', '${keys.seen}', name)
  look('queue', '${keys.queue}', name)
  for want in string.gmatch('${allWantKeys.join(" ")}', '%S+') do
    look('queue', '${keys.queue}', name .. ':' .. want)
  end
end
return out`
)
