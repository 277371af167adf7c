-- ARGV: key, milliseconds, and the number of this call.
local key = P .. 'once:' .. ARGV[1]
local holder = redis.call('GET', key)
if holder and holder ~= ARGV[3] then return {'ok', 0} end
redis.call('SET', key, ARGV[3], 'PX', ARGV[2])
return {'ok', 1}
