-- ARGV: the number of this call, id, hash, at, expires, '1' for the first
-- secret, and the successors.
local by, id, hash, at, expires, first = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6] == '1'
local t = load(id)
if not t then return {'not found'} end
if t.by == by then return {'ok', dump(id)} end
if t.name == '' then return {'invalid'} end -- only API tokens have one
if t.revoked ~= '0' then return {'revoked'} end
if first and t.issued ~= '0' then return {'conflict'} end
if first and expired(t, at) then return {'expired'} end
if redis.call('EXISTS', hash_key(hash)) == 1 or name_taken(t, at) then return {'conflict'} end
local renewed = {id = id, lasting = t.lasting, revoked = t.revoked, expires = expires}
local successors, refusal = successors_at(7, by, renewed, at)
if refusal then return {refusal} end

change(t, {hash = hash, issued = at, expires = expires, by = by})
take_name(t)
local changed = end_all(children_of(id), at, 'renewed')
changed[#changed + 1] = id
for _, successor in ipairs(successors) do add(successor, at) end
notify('revoked', table.concat(changed, ' '))
return {'ok', dump(id)}
