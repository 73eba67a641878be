-- ARGV: life, time to live of who is online and of who is offline in s, until which age of this Redis nobody goes, then of
-- each move: `arrive`, `return` or `leave`, the user, and for a leave when they were last seen in ms.
-- Returns: nil if the life was swept; else for each move whether the merged state changed (1), did not (0), or the move is
-- not made yet (2), and the version.
local life = ARGV[1]
local online_ttl, offline_ttl = ARGV[2], ARGV[3]
local settling = age() < tonumber(ARGV[4])
if redis.call('HEXISTS', 'otomo:lives', life) == 0 then
  return false
end
local moved = {}
for n = 5, #ARGV, 3 do
  local kind, id, seen = ARGV[n], ARGV[n + 1], ARGV[n + 2]
  local changed, new = 0, nil
  if kind == 'leave' and settling then
    changed = 2
  elseif kind == 'leave' then
    redis.call('SREM', users(life), id)
    redis.call('SREM', at(id), life)
    if redis.call('SCARD', at(id)) == 0 then
      new = go_offline(id, seen, offline_ttl)
    end
  else
    redis.call('SADD', users(life), id)
    redis.call('SADD', at(id), life)
    if redis.call('SADD', 'online_users', id) == 1 then
      new = text(next_version(id))
      redis.call('HSET', status(id), 'status', 'online', 'updated_at', new)
      if kind == 'arrive' or not settling then
        redis.call('ZADD', 'otomo:unsaid', new, id)
      else
        -- Everybody is told anew who is online once all nodes are back.
        changed = -1
      end
    end
    redis.call('EXPIRE', status(id), online_ttl)
  end
  if new and changed == 0 then
    changed = 1
  end
  if changed == -1 then
    changed = 0
  end
  table.insert(moved, {changed, new or version(id)})
end
return moved
