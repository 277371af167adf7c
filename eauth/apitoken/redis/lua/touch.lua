-- ARGV: id, at, address, agent, and how often.
local id, at = ARGV[1], ARGV[2]
local t = load(id)
if not t then return {'not found'} end
if tonumber(at) - tonumber(t.last_at) >= tonumber(ARGV[5]) then
  redis.call('HSET', token_key(id), 'last_at', at, 'last_addr', ARGV[3], 'last_agent', ARGV[4])
end
return {'ok'}
