-- What the scripts share. Redis runs a script as one step, so each of them is atomic. They build the names of keys themselves,
-- which standalone and Sentinel set-ups allow.
--
--   online_users               set: who is online                                    (source document 004)
--   user:<id>:status           hash: status, updated_at, last_seen, in milliseconds  (source document 004)
--   otomo:at:<id>              set: the lives of nodes that somebody is connected to
--   otomo:life:<life>:users    set: the users that a life of a node has
--   otomo:life:<life>:lease    there while the life is
--   otomo:lives                hash: each life that is not being swept, and when it was last renewed
--   otomo:ending               hash: each life that is being swept, and when it was last renewed
--   otomo:untold               sorted set: changes that may not have been told yet, by version
--   otomo:since                when the first node came to this Redis while it was empty
local function clock()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end
local now = clock()

local function at(id) return 'otomo:at:' .. id end
local function status(id) return 'user:' .. id .. ':status' end
local function users(life) return 'otomo:life:' .. life .. ':users' end
local function lease(life) return 'otomo:life:' .. life .. ':lease' end
local function text(number) return string.format('%.0f', number) end

-- Keys that held something else than they should, and what was there is gone: anybody may write into this Redis.
local mended = {}

-- To be called of every key before the first thing is written, because what a script has done before it fails stays done.
local function fit(key, kind)
  local found = redis.call('TYPE', key)['ok']
  if found ~= kind and found ~= 'none' then
    redis.call('DEL', key)
    table.insert(mended, key)
  end
end

local function fit_shared()
  fit('online_users', 'set')
  fit('otomo:lives', 'hash')
  fit('otomo:ending', 'hash')
  fit('otomo:untold', 'zset')
  fit('otomo:since', 'string')
end

local function fit_user(id)
  fit(at(id), 'set')
  fit(status(id), 'hash')
end

-- A version above all that this user ever had, and not before the present.
local function next_version(id)
  local before = tonumber(redis.call('HGET', status(id), 'updated_at') or '0') or 0
  return math.max(now, before + 1)
end

local function version(id)
  return redis.call('HGET', status(id), 'updated_at') or '0'
end

-- How long nodes have had time to come to this Redis.
local function age()
  local since = redis.call('GET', 'otomo:since')
  if not since then
    return 0
  end
  return now - (tonumber(since) or now)
end

-- Somebody is nowhere any more: returns the version of that, or nil if they were not online.
local function go_offline(id, seen, offline_ttl)
  if redis.call('SREM', 'online_users', id) == 0 then
    return nil
  end
  local new = next_version(id)
  redis.call('HSET', status(id), 'status', 'offline', 'updated_at', text(new), 'last_seen', seen)
  redis.call('EXPIRE', status(id), offline_ttl)
  redis.call('ZADD', 'otomo:untold', new, id)
  return text(new)
end
