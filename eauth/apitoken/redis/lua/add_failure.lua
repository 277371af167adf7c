-- ARGV: key, now, milliseconds.
local key = P .. 'failures:' .. ARGV[1]
local count = redis.call('HINCRBY', key, 'count', 1)
redis.call('HSET', key, 'last', ARGV[2])
redis.call('PEXPIRE', key, ARGV[3])
return {'ok', count}
