-- ARGV: hash, now, the number of this call, and the successors.
local hash, now, by = ARGV[1], ARGV[2], ARGV[3]
local id = redis.call('GET', hash_key(hash))
local t = id and load(id)
if not t then return {'not found'} end

if t.onetime ~= '1' then return {'invalid', dump(id)} end
if t.used ~= '0' and t.by == by then return {'ok', dump(id)} end
if t.revoked ~= '0' then return {'revoked', dump(id)} end
if t.used ~= '0' then
  revoke(t, now, 'reused')
  return {'reused', dump(id)}
end
if expired(t, now) then return {'expired', dump(id)} end

local successors, refusal = successors_at(4, by, t, now)
if refusal then return {refusal, dump(id)} end
change(t, {used = now, by = by})
for _, successor in ipairs(successors) do add(successor, now) end
return {'ok', dump(id)}
