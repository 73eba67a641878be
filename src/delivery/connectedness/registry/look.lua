-- ARGV: how long ago a change must be to count as not told, in ms; how many of these at most.
-- Returns: the lives that are over and have users left; of each change that may not have been told: the user, the status, the
-- version, and when they were last seen; and the keys that were mended.
fit_shared()
local over = redis.call('HKEYS', 'otomo:ending')
for _, life in ipairs(redis.call('HKEYS', 'otomo:lives')) do
  if redis.call('EXISTS', lease(life)) == 0 then
    table.insert(over, life)
  end
end
local untold = {}
local before = text(now - tonumber(ARGV[1]))
for _, id in ipairs(redis.call('ZRANGEBYSCORE', 'otomo:untold', '-inf', before, 'LIMIT', 0, ARGV[2])) do
  fit(status(id), 'hash')
  local hash = redis.call('HMGET', status(id), 'status', 'updated_at', 'last_seen')
  if hash[1] and hash[2] then
    table.insert(untold, {id, hash[1], hash[2], hash[3] or hash[2]})
  else
    redis.call('ZREM', 'otomo:untold', id)
  end
end
return {over, untold, mended}
