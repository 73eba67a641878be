-- ARGV: pairs of a user and a version that was told.
fit('otomo:untold', 'zset')
for n = 1, #ARGV, 2 do
  if redis.call('ZSCORE', 'otomo:untold', ARGV[n]) == ARGV[n + 1] then
    redis.call('ZREM', 'otomo:untold', ARGV[n])
  end
end
return 1
