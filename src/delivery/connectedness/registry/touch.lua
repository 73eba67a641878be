-- ARGV: life, time to live of who is online in s, then users.
-- Returns: nil if the life was swept; else those of the users whom this Redis does not have there; and the keys that were mended.
local life = ARGV[1]
fit_shared()
if redis.call('HEXISTS', 'otomo:lives', life) == 0 then
  return false
end
local missing = {}
for n = 3, #ARGV do
  local id = ARGV[n]
  fit_user(id)
  if redis.call('SISMEMBER', at(id), life) == 0 or redis.call('SISMEMBER', 'online_users', id) == 0 then
    table.insert(missing, id)
  else
    if redis.call('EXISTS', status(id)) == 0 then
      redis.call('HSET', status(id), 'status', 'online', 'updated_at', text(next_version(id)))
    end
    redis.call('EXPIRE', status(id), ARGV[2])
  end
end
return {missing, mended}
