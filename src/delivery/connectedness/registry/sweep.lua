-- ARGV: life, how many users at most, time to live of who is offline in s.
-- Returns: nil if the life goes on after all, or somebody else has ended the sweep; else 1 if all is swept, else 0; then of
-- each user who is offline by it: the user, the version, and when they were last seen; and the keys that were mended.
local life = ARGV[1]
fit_shared()
fit(users(life), 'set')
if redis.call('EXISTS', lease(life)) == 1 then
  return false
end
local renewed = redis.call('HGET', 'otomo:lives', life)
if renewed then
  -- From here on the node cannot renew it.
  redis.call('HSET', 'otomo:ending', life, renewed)
  redis.call('HDEL', 'otomo:lives', life)
else
  renewed = redis.call('HGET', 'otomo:ending', life)
end
if not renewed then
  return false
end
local gone = {}
for _, id in ipairs(redis.call('SPOP', users(life), ARGV[2])) do
  fit_user(id)
  redis.call('SREM', at(id), life)
  if redis.call('SCARD', at(id)) == 0 then
    local new = go_offline(id, renewed, ARGV[3])
    if new then
      table.insert(gone, {id, new, renewed})
    end
  end
end
if redis.call('EXISTS', users(life)) == 0 then
  redis.call('HDEL', 'otomo:ending', life)
  return {1, gone, mended}
end
return {0, gone, mended}
