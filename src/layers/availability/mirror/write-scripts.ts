// How the mirror is written. Every write shows a ticket that was drawn before its rows were read. Tickets
// only grow, so a write is dropped when the mitra already carries a later one: rows read earlier can never
// overwrite rows read later, however slow their writer. Writes of a wiped generation are dropped too.
import { deactivatedBucket, drainingBucket, keys } from "./keys.ts"
import { evictionProof } from "../../platform/valkey/eviction.ts"
import { script } from "../../platform/valkey/script.ts"

/**
 * ARGV: a name for a new generation, its first ticket, and whether Valkey may throw keys away ('1' or '').
 * A new one begins if there is none, or if keys were thrown away: then what is left is believed no more. Its
 * tickets are later than all that the cards of one before carry. Answers generation, ticket, born_at.
 */
export const drawTicket = script(
  "draw_ticket",
  `${evictionProof}
local state = redis.call('HMGET', '${keys.state}', 'generation', 'kept')
local must_prove = state[2] or ARGV[3] == '1'
if not state[1] or (must_prove and state[2] ~= proof()) then
  redis.call('HDEL', '${keys.state}', 'born_at', 'kept')
  redis.call('HSET', '${keys.state}', 'generation', ARGV[1])
  redis.call('HSETNX', '${keys.state}', 'ticket', ARGV[2])
  if ARGV[3] == '1' then redis.call('HSET', '${keys.state}', 'kept', proof()) end
end
return {
  redis.call('HGET', '${keys.state}', 'generation'),
  redis.call('HINCRBY', '${keys.state}', 'ticket', 1),
  redis.call('HGET', '${keys.state}', 'born_at') or ''
}`
)

/** ARGV: generation, now. From here on reads believe the mirror. Answers 0 for a generation that is gone. */
export const finishSeed = script(
  "finish_seed",
  `
if redis.call('HGET', '${keys.state}', 'generation') ~= ARGV[1] then return 0 end
redis.call('HSETNX', '${keys.state}', 'born_at', ARGV[2])
return 1`
)

/** What one mitra takes of ARGV below. */
export const fieldsPerMitra = 14

/**
 * ARGV: generation, ticket, then per mitra: id, online, active, sessions ('' when there is no such row),
 * name, online since, last offer, last ping, last ping as text, open offers, last decline (or ''),
 * draining, has a device, the wants she fits (separated by a blank).
 * Answers generation known, written, drifted (what was written differed), outrun (by a later ticket),
 * removed (was online here). A known ping that is later than the row's stays: pings reach rows late.
 */
export const apply = script(
  "apply",
  `
if redis.call('HGET', '${keys.state}', 'generation') ~= ARGV[1] then return {0, 0, 0, 0, 0} end
local ticket = tonumber(ARGV[2])
local written, drifted, outrun, removed = 0, 0, 0, 0

local function write(id, online, active, sessions, name, since, offered, seen, seen_text, open, declined,
  draining, device, wants)
  local card = '${keys.card}' .. id
  local old = redis.call('HMGET', card, 'ticket', 'bucket', 'member', 'name', 'open', 'declined', 'device',
    'wants')
  if old[1] and tonumber(old[1]) > ticket then outrun = outrun + 1 return end
  local drift = not old[1] or old[4] ~= name or old[5] ~= open or old[6] ~= declined
  if (old[7] or '0') ~= device then drift = true end
  local was, stood = old[2] or '', old[3] or ''
  local bucket, member = '', ''
  if online == '1' then
    bucket = draining == '1' and '${drainingBucket}' or sessions
    if active ~= '1' then bucket = '${deactivatedBucket}' end
    if active == '1' and draining ~= '1' then
      member = string.format('%016.0f', tonumber(since)) .. ':' .. id
    end
  end
  if was ~= '' then
    local known = redis.call('ZSCORE', '${keys.seen}' .. was, id)
    if bucket ~= '' and known and tonumber(known) > tonumber(seen) then seen, seen_text = known, '' end
    if was ~= bucket then
      drift = true
      redis.call('ZREM', '${keys.seen}' .. was, id)
    end
  end
  local moved = stood ~= member or was ~= bucket
  if (old[8] or '') ~= wants then drift = true end
  if stood ~= '' then
    if moved then drift = true end
    for want in string.gmatch(old[8] or '', '%S+') do
      if moved or not string.find(' ' .. wants .. ' ', ' ' .. want .. ' ', 1, true) then
        redis.call('ZREM', '${keys.queue}' .. was .. ':' .. want, stood)
      end
    end
  end
  if redis.call(active == '1' and 'SREM' or 'SADD', '${keys.deactivated}', id) == 1 then drift = true end
  local listed = bucket ~= '' and bucket ~= '${deactivatedBucket}'
  if redis.call(listed and 'SADD' or 'SREM', '${keys.online}', id) == 1 then
    drift = true
    if not listed then removed = removed + 1 end
  end
  if bucket == '' then
    redis.call('DEL', '${keys.heartbeat}' .. id)
  else
    if redis.call('ZADD', '${keys.seen}' .. bucket, seen, id) == 1 then drift = true end
    if seen_text ~= '' then redis.call('SET', '${keys.heartbeat}' .. id, seen_text) end
  end
  if member ~= '' then
    for want in string.gmatch(wants, '%S+') do
      if redis.call('ZADD', '${keys.queue}' .. bucket .. ':' .. want, 'CH', offered, member) == 1 then
        drift = true
      end
    end
  end
  if sessions == '' then
    redis.call('DEL', '${keys.capacity}' .. id)
  elseif redis.call('GET', '${keys.capacity}' .. id) ~= sessions then
    drift = true
    redis.call('SET', '${keys.capacity}' .. id, sessions)
  end
  redis.call('HSET', card, 'ticket', ARGV[2], 'bucket', bucket, 'member', member,
    'name', name, 'open', open, 'declined', declined, 'device', device, 'wants', wants)
  if sessions == '' then redis.call('EXPIRE', card, 600) else redis.call('PERSIST', card) end
  written = written + 1
  if drift then drifted = drifted + 1 end
end

for i = 3, #ARGV, ${fieldsPerMitra} do write(unpack(ARGV, i, i + ${fieldsPerMitra} - 1)) end
return {1, written, drifted, outrun, removed}`
)

/**
 * ARGV: seen or queue, bucket (of a queue with its want), then members that stand there. Takes out those
 * whose card says they stand elsewhere: another tool put them there, or it was lost. Answers how many.
 */
export const prune = script(
  "prune",
  `
local pruned = 0
local queue = ARGV[1] == 'queue'
local key = (queue and '${keys.queue}' or '${keys.seen}') .. ARGV[2]
local bucket, want = string.match(ARGV[2], '^([^:]*):?(.*)$')
for i = 3, #ARGV do
  local card = redis.call('HMGET', '${keys.card}' .. string.sub(ARGV[i], -36), 'bucket', 'member', 'wants')
  local fits = string.find(' ' .. (card[3] or '') .. ' ', ' ' .. want .. ' ', 1, true)
  if card[1] ~= bucket or (queue and (card[2] ~= ARGV[i] or not fits)) then
    pruned = pruned + redis.call('ZREM', key, ARGV[i])
  end
end
return pruned`
)
