-- ARGV: life, lease in ms, 1 to begin it.
-- Returns: 1 if the life goes on, 0 if it was swept; how long nodes have had time to come to this Redis; and the keys
-- that were mended.
fit_shared()
if redis.call('EXISTS', 'otomo:since') == 0 then
  redis.call('SET', 'otomo:since', text(now))
end
local life = ARGV[1]
fit(users(life), 'set')
if ARGV[3] ~= '1' and redis.call('HEXISTS', 'otomo:lives', life) == 0 then
  return {0, text(age()), mended}
end
redis.call('HSET', 'otomo:lives', life, text(now))
redis.call('SET', lease(life), '1', 'PX', ARGV[2])
return {1, text(age()), mended}
