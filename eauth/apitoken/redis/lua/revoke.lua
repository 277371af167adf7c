-- ARGV: id, at, why, unused since.
local id, at, why, since = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local t = load(id)
if not t then return {'not found'} end
if since ~= '0' and last_sign(t) > tonumber(since) then return {'ok', {}} end
return {'ok', revoke(t, at, why)}
