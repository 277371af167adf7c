-- ARGV: the number of this call, id, hash, at, expires, and '1' for the first
-- secret.
local by, id, hash, at, expires, first = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6] == '1'
local t = load(id)
if not t then return {'not found'} end
if t.by == by then return {'ok', dump(id)} end
if t.name == '' then return {'invalid'} end -- only API tokens have one
if t.revoked ~= '0' then return {'revoked'} end
if first and t.issued ~= '0' then return {'conflict'} end
if first and expired(t, at) then return {'expired'} end
if redis.call('EXISTS', hash_key(hash)) == 1 or name_taken(t, at) then return {'conflict'} end

change(t, {hash = hash, issued = at, expires = expires, by = by})
take_name(t)
local changed = end_all(redis.call('SMEMBERS', children_key(id)), at, 'renewed')
changed[#changed + 1] = id
notify('revoked', table.concat(changed, ' '))
return {'ok', dump(id)}
