-- ARGV: life, time to live of who is online and of who is offline in s, until which age of this Redis nobody goes, then of
-- each move: `arrive`, `return` or `leave`, the user, and for a leave when they were last seen in ms.
-- Returns: nil if the life was swept; else for each move whether somebody is to be told (CHANGED), or not (SAME), or the
-- move is not made yet (WAIT), and the version; and the keys that were mended.
local SAME, CHANGED, WAIT = 0, 1, 2
local life = ARGV[1]
local online_ttl, offline_ttl = ARGV[2], ARGV[3]
fit_shared()
fit(users(life), 'set')
for n = 6, #ARGV, 3 do
  fit_user(ARGV[n])
end
local settling = age() < tonumber(ARGV[4])
if redis.call('HEXISTS', 'otomo:lives', life) == 0 then
  return false
end
local moved = {}
for n = 5, #ARGV, 3 do
  local kind, id, seen = ARGV[n], ARGV[n + 1], ARGV[n + 2]
  local outcome, new = SAME, nil
  if kind == 'leave' and settling then
    outcome = WAIT
  elseif kind == 'leave' then
    redis.call('SREM', users(life), id)
    redis.call('SREM', at(id), life)
    if redis.call('SCARD', at(id)) == 0 then
      new = go_offline(id, seen, offline_ttl)
    end
    if new then
      outcome = CHANGED
    end
  else
    redis.call('SADD', users(life), id)
    redis.call('SADD', at(id), life)
    if redis.call('SADD', 'online_users', id) == 1 then
      local told_offline = redis.call('HGET', status(id), 'status') == 'offline'
      new = text(next_version(id))
      redis.call('HSET', status(id), 'status', 'online', 'updated_at', new)
      -- Of a return while nodes come back nobody is told: all are told anew who is online once they are back. Except where
      -- everybody has been told meanwhile that they went offline, with another node that is over.
      if kind == 'arrive' or not settling or told_offline then
        redis.call('ZADD', 'otomo:untold', new, id)
        outcome = CHANGED
      end
    end
    redis.call('EXPIRE', status(id), online_ttl)
  end
  table.insert(moved, {outcome, new or version(id)})
end
return {moved, mended}
