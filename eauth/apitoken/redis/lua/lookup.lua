-- ARGV: hash.
local id = redis.call('GET', hash_key(ARGV[1]))
if not id then return {'not found'} end
return {'ok', dump(id)}
