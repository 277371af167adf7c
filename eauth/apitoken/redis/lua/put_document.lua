-- ARGV: collection, key, version, value, and the number of this call.
-- A document is kept as version, number and value, with a space between.
local values, keys = P .. 'documents:' .. ARGV[1], P .. 'document-keys:' .. ARGV[1]
local version, by = '0', ''
local there = redis.call('HGET', values, ARGV[2])
if there then version, by = string.match(there, '^(%d+) (%x+) ') end
if by == ARGV[5] then return {'ok', version} end
if version ~= ARGV[3] then return {'conflict'} end
version = tostring(redis.call('INCR', P .. 'version'))
redis.call('HSET', values, ARGV[2], version .. ' ' .. ARGV[5] .. ' ' .. ARGV[4])
redis.call('ZADD', keys, 0, ARGV[2])
notify('documents', '1')
return {'ok', version}
