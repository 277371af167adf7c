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

local successors = {}
for n = 4, #ARGV, 12 do
  local successor = token_at(n, by)
  if successor.parent ~= '' then
    local refusal = successor.parent ~= id and 'invalid' or parent_refuses(successor, t, now)
    if refusal then return {refusal, dump(id)} end
  end
  if taken(successor) then return {'conflict', dump(id)} end
  successors[#successors + 1] = successor
end
change(t, {used = now, by = by})
for _, successor in ipairs(successors) do insert(successor) end
return {'ok', dump(id)}
