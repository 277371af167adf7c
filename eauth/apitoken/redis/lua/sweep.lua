-- ARGV: class, until, how many to skip, how many to look at.
-- Returns how many were looked at, and how many removed.
local class, ids = ARGV[1], redis.call('ZRANGEBYSCORE', ends_key(ARGV[1]), '-inf', ARGV[2], 'LIMIT', ARGV[3], ARGV[4])
local removed = 0
for _, id in ipairs(ids) do
  local t = load(id)
  if not t then
    redis.call('ZREM', ends_key(class), id)
    removed = removed + 1
  elseif redis.call('EXISTS', children_key(id)) == 0 then
    remove(t)
    removed = removed + 1
  end
end
return {'ok', #ids, removed}
