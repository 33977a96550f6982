// The same counting as in `counters.ts`, as Lua on Redis, where one script is one step for every process. The server's
// clock counts, so that the processes' own need not agree. All keys of one question lie in one hash slot, or no script
// could take them together.
//
// Each rule has two keys: its state (a window's sixtieths with their amounts; a quota's money `u` used and `r` reserved) and
// its leases (a sorted set by expiry, of slots held and of money reserved, as `slot=amount`). Leases are renewed by the
// process that holds them: what a dead process held comes back.
//
// Numbers beyond 14 digits must not be concatenated in Lua: they are handed on as they came, or formatted.

import { redisScript } from '../store/index.ts'

const PRELUDE = `
local function clock(given)
  local own = tonumber(given)
  if own then return own end
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
local function text(number) return string.format('%.0f', number) end
local function window(key, span, now)
  local current = math.floor(now * 60 / span)
  local total, oldest, flat = 0, {}, redis.call('HGETALL', key)
  local live = {}
  for at = 1, #flat, 2 do
    local sixtieth = tonumber(flat[at])
    if current - sixtieth > 60 or sixtieth - current > 60 then oldest[#oldest + 1] = flat[at]
    else
      local amount = tonumber(flat[at + 1])
      total = total + amount
      if amount > 0 then live[#live + 1] = { sixtieth, amount } end
    end
  end
  return total, live, oldest, current
end
local function ended(sixtieth, span, now) return math.ceil((sixtieth + 61) * span / 60 - now) end
local function reserved(state, leases, now)
  local over = redis.call('ZRANGEBYSCORE', leases, '-inf', now)
  for _, member in ipairs(over) do
    redis.call('ZREM', leases, member)
    redis.call('HINCRBY', state, 'r', '-' .. string.match(member, '=(%d+)$'))
  end
  return math.max(0, tonumber(redis.call('HGET', state, 'r') or 0))
end
`

/**
 * ARGV: now or '', slot, then for each rule: kind, limit, amount, span (window or lease), seed, time to live, period's end;
 * a seed of `?` asks for one when the quota is not known. An amount of -1 only looks.
 * Answers: 0, or the obstacle's number, or minus the number of a quota without seed; now; then for each rule: remaining,
 * reset, wait (-1: for ever).
 */
export const TAKE = redisScript(`${PRELUDE}
local now, slot = clock(ARGV[1]), ARGV[2]
local rules, obstacle, longest = (#ARGV - 2) / 7, 0, 0
local answer, writes = { 0, now }, {}
for rule = 1, rules do
  local at = 2 + (rule - 1) * 7
  local kind, limit, amount, span = ARGV[at + 1], tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4])
  local state, leases = KEYS[rule * 2 - 1], KEYS[rule * 2]
  local need, total, reset, wait = math.max(amount, 0), 0, 0, 0
  if kind == 'w' then
    local live, old, current
    total, live, old, current = window(state, span, now)
    table.sort(live, function(a, b) return a[1] < b[1] end)
    if #live > 0 then reset = ended(live[#live][1], span, now) end
    if need > limit then wait = -1
    elseif need > 0 then
      local left = total
      for _, entry in ipairs(live) do
        if left + need <= limit then break end
        left = left - entry[2]
        wait = ended(entry[1], span, now)
      end
    end
    writes[rule] = { old, text(current) }
    if need > 0 then reset = math.max(reset, ended(current, span, now)) end
  elseif kind == 'c' then
    redis.call('ZREMRANGEBYSCORE', leases, '-inf', now)
    total = redis.call('ZCARD', leases)
    reset, wait = 1000, 1000
    if need > limit then wait = -1 end
  else
    local used, seed = redis.call('HGET', state, 'u'), ARGV[at + 5]
    if not used and seed == '?' then return { -rule, now } end
    if not used then used = seed == '?' and '0' or seed end
    writes[rule] = used
    total = tonumber(used) + reserved(state, leases, now)
    local left = tonumber(ARGV[at + 7])
    if left then left = math.max(1, left - now) end
    reset = left or -1
    wait = left or -1
    if need > limit then wait = -1 end
  end
  if need > 0 and total + need > limit then
    if obstacle == 0 or (longest ~= -1 and (wait == -1 or wait > longest)) then obstacle, longest = rule, wait end
  end
  answer[#answer + 1] = math.max(0, limit - total - need)
  answer[#answer + 1] = total + need > 0 and reset or 0
  answer[#answer + 1] = wait
  writes[-rule] = math.max(0, limit - total)
end
if obstacle > 0 then
  answer[1] = obstacle
  for rule = 1, rules do answer[rule * 3] = writes[-rule] end
  return answer
end
for rule = 1, rules do
  local at = 2 + (rule - 1) * 7
  local kind, amount, span, ttl = ARGV[at + 1], ARGV[at + 3], tonumber(ARGV[at + 4]), ARGV[at + 6]
  local state, leases = KEYS[rule * 2 - 1], KEYS[rule * 2]
  if tonumber(amount) > 0 then
    if kind == 'w' then
      redis.call('HINCRBY', state, writes[rule][2], amount)
      if #writes[rule][1] > 0 then redis.call('HDEL', state, unpack(writes[rule][1])) end
    else
      redis.call('ZADD', leases, now + span, slot .. '=' .. amount)
      redis.call('PEXPIRE', leases, ttl)
    end
    if kind == 'q' then redis.call('HINCRBY', state, 'r', amount) end
  end
  if kind == 'q' and tonumber(amount) >= 0 then redis.call('HSET', state, 'u', writes[rule]) end
  if kind ~= 'c' and tonumber(amount) >= 0 then redis.call('PEXPIRE', state, ttl) end
end
return answer`)

/**
 * Ends a slot. ARGV: now or '', slot, when it was taken, then for each rule: kind, amount reserved, amount used, span, time
 * to live. Of money only what is still reserved is settled, so that asking twice settles once.
 */
export const SETTLE = redisScript(`${PRELUDE}
local now, slot, taken = clock(ARGV[1]), ARGV[2], tonumber(ARGV[3])
for rule = 1, (#ARGV - 3) / 5 do
  local at = 3 + (rule - 1) * 5
  local kind, amount, used, span, ttl = ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], tonumber(ARGV[at + 4]), ARGV[at + 5]
  local state, leases = KEYS[rule * 2 - 1], KEYS[rule * 2]
  if kind == 'w' then
    local more = tonumber(used) - tonumber(amount)
    if more > 0 then
      redis.call('HINCRBY', state, text(math.floor(now * 60 / span)), text(more))
      redis.call('PEXPIRE', state, ttl)
    elseif more < 0 then
      local field = text(math.floor(taken * 60 / span))
      local there = tonumber(redis.call('HGET', state, field) or 0)
      if there > 0 then redis.call('HINCRBY', state, field, text(math.max(more, -there))) end
    end
  elseif kind == 'q' and amount == '0' then
    if redis.call('HEXISTS', state, 'u') == 1 then redis.call('HINCRBY', state, 'u', used) end
  elseif redis.call('ZREM', leases, slot .. '=' .. amount) == 1 and kind == 'q' then
    redis.call('HINCRBY', state, 'r', '-' .. amount)
    redis.call('HINCRBY', state, 'u', used)
  end
end
return 1`)

/** Renews leases, and puts back those that the server has lost. ARGV: now or '', then for each: kind, member, amount, span, time to live. */
export const RENEW = redisScript(`${PRELUDE}
local now = clock(ARGV[1])
for lease = 1, (#ARGV - 1) / 5 do
  local at = 1 + (lease - 1) * 5
  local kind, member, amount, span, ttl = ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], tonumber(ARGV[at + 4]), ARGV[at + 5]
  local state, leases = KEYS[lease * 2 - 1], KEYS[lease * 2]
  if redis.call('ZADD', leases, now + span, member) == 1 and kind == 'q' then
    redis.call('HINCRBY', state, 'r', amount)
    redis.call('PEXPIRE', state, ttl)
  end
  redis.call('PEXPIRE', leases, ttl)
end
return 1`)

/**
 * Adds money that was spent while the server was away, once for each marker. KEYS: marker, then states. ARGV: `1` when a
 * state that is gone will be seeded anew and so must be left alone, then for each: amount, time to live.
 */
export const POST = redisScript(`
if not redis.call('SET', KEYS[1], '1', 'NX', 'EX', 900) then return 0 end
for entry = 1, (#ARGV - 1) / 2 do
  local state = KEYS[entry + 1]
  if ARGV[1] == '0' or redis.call('HEXISTS', state, 'u') == 1 then
    redis.call('HINCRBY', state, 'u', ARGV[entry * 2])
    redis.call('PEXPIRE', state, ARGV[entry * 2 + 1])
  end
end
return 1`)
