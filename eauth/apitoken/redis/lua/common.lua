-- Every script begins with this, after MAX_CHILDREN. KEYS[1] is the prefix of all keys; the hash
-- tag in it keeps them in one slot, so that a script may touch them all.
-- Times are microseconds, as the texts that they came as: Lua would write
-- large numbers with an exponent. '0' is no time.
local P = KEYS[1]

local function token_key(id) return P .. 'token:' .. id end
local function hash_key(hash) return P .. 'hash:' .. hash end
local function name_key(name) return P .. 'name:' .. name end
local function owner_key(owner) return P .. 'owner:' .. owner end
local function children_key(id) return P .. 'children:' .. id end -- by their beginnings
local function children_ends_key(id) return P .. 'children-ends:' .. id end
local function family_key(family) return P .. 'family:' .. family end
local function ends_key(class) return P .. 'ends:' .. class end
local LIST = P .. 'list'

-- What scripts read of a token. Its record is not for them.
local FIELDS = {
  'hash', 'lasting', 'owner', 'name', 'family', 'parent',
  'created', 'expires', 'issued', 'onetime', 'used', 'by', 'revoked', 'last_at',
}

local function load(id)
  local values = redis.call('HMGET', token_key(id), unpack(FIELDS))
  if not values[1] then return nil end
  local t = {id = id}
  for i, name in ipairs(FIELDS) do t[name] = values[i] end
  return t
end

-- The whole token, as Go reads it.
local function dump(id) return redis.call('HGETALL', token_key(id)) end

local function expired(t, now)
  return t.expires ~= '0' and tonumber(t.expires) <= tonumber(now)
end

local function listed(t)
  return t.lasting == '1' and t.revoked == '0' and t.used == '0'
end

local function class_of(t)
  if t.lasting ~= '1' then return 'brief' end
  return listed(t) and 'listed' or 'ended'
end

local function end_of(t)
  local first = '0'
  for _, time in ipairs({t.revoked, t.used, t.expires}) do
    if time ~= '0' and (first == '0' or tonumber(time) < tonumber(first)) then first = time end
  end
  return first
end

local function last_sign(t)
  return math.max(tonumber(t.created), tonumber(t.issued), tonumber(t.last_at))
end

local function index(t)
  if t.hash ~= '' then redis.call('SET', hash_key(t.hash), t.id) end
  if t.family ~= '' then redis.call('SADD', family_key(t.family), t.id) end
  if listed(t) then
    redis.call('ZADD', LIST, t.created, t.id)
    redis.call('ZADD', owner_key(t.owner), t.created, t.id)
  end
  local last = end_of(t)
  if t.parent ~= '' then
    redis.call('ZADD', children_key(t.parent), t.created, t.id)
    redis.call('ZADD', children_ends_key(t.parent), last ~= '0' and last or '+inf', t.id)
  end
  if last ~= '0' then redis.call('ZADD', ends_key(class_of(t)), last, t.id) end
end

local function unindex(t)
  if t.hash ~= '' then redis.call('DEL', hash_key(t.hash)) end
  if t.parent ~= '' then
    redis.call('ZREM', children_key(t.parent), t.id)
    redis.call('ZREM', children_ends_key(t.parent), t.id)
  end
  if t.family ~= '' then redis.call('SREM', family_key(t.family), t.id) end
  redis.call('ZREM', LIST, t.id)
  redis.call('ZREM', owner_key(t.owner), t.id)
  redis.call('ZREM', ends_key(class_of(t)), t.id)
end

-- Sets fields of a token and keeps the indexes true.
local function change(t, fields)
  unindex(t)
  for name, value in pairs(fields) do
    redis.call('HSET', token_key(t.id), name, value)
    t[name] = value
  end
  index(t)
end

-- A new token is 12 arguments, from the one at n on. by is the number of the
-- call: the client tries again where an answer did not arrive, and then finds
-- its own work done.
local function token_at(n, by)
  return {
    id = ARGV[n], record = ARGV[n + 1], hash = ARGV[n + 2], lasting = ARGV[n + 3],
    owner = ARGV[n + 4], name = ARGV[n + 5], family = ARGV[n + 6], parent = ARGV[n + 7],
    created = ARGV[n + 8], expires = ARGV[n + 9], issued = ARGV[n + 10], onetime = ARGV[n + 11],
    used = '0', by = by, revoked = '0', last_at = '0',
  }
end

local function insert(t)
  local flat = {'record', t.record}
  for _, name in ipairs(FIELDS) do
    flat[#flat + 1] = name
    flat[#flat + 1] = t[name]
  end
  redis.call('HSET', token_key(t.id), unpack(flat))
  index(t)
end

local function taken(t)
  return redis.call('EXISTS', token_key(t.id)) == 1
    or (t.hash ~= '' and redis.call('EXISTS', hash_key(t.hash)) == 1)
end

-- Whether another API token of this name and owner has not ended.
local function name_taken(t, now)
  if t.name == '' then return false end
  local holder = redis.call('GET', name_key(t.name))
  if not holder or holder == t.id then return false end
  local other = load(holder)
  return other ~= nil and other.revoked == '0' and not expired(other, now)
end

local function take_name(t)
  if t.name ~= '' then redis.call('SET', name_key(t.name), t.id) end
end

local function drop_name(t)
  if t.name ~= '' and redis.call('GET', name_key(t.name)) == t.id then
    redis.call('DEL', name_key(t.name))
  end
end

-- Why a token may not be made for this parent, nil where it may.
local function parent_refuses(t, parent, now)
  if parent.lasting ~= '1' then return 'invalid' end
  if parent.revoked ~= '0' then return 'revoked' end
  if expired(parent, now) then return 'expired' end
  if parent.expires ~= '0'
    and (t.expires == '0' or tonumber(t.expires) > tonumber(parent.expires)) then
    return 'invalid'
  end
  return nil
end

-- The tokens from the argument at n on, for which t is exchanged: each has no
-- parent, or t, or one before it. Or nil, and why not.
local function successors_at(n, by, t, now)
  local all = {}
  for at = n, #ARGV, 12 do
    local successor = token_at(at, by)
    if successor.parent ~= '' then
      local parent = successor.parent == t.id and t or nil
      for _, before in ipairs(all) do
        if successor.parent == before.id then parent = before end
      end
      local refusal = not parent and 'invalid' or parent_refuses(successor, parent, now)
      if refusal then return nil, refusal end
    end
    if taken(successor) then return nil, 'conflict' end
    all[#all + 1] = successor
  end
  return all
end

-- Tells the gateways of a change. They see by the number that none is missing.
local function notify(what, value)
  local number = redis.call('INCR', P .. 'changed')
  redis.call('XADD', P .. 'changes', 'MAXLEN', '~', '10000', '*', 'number', number, what, value)
end

-- Removes a token and all that leads to it.
local function remove(t)
  unindex(t)
  drop_name(t)
  redis.call('DEL', token_key(t.id))
end

-- No more than MAX_CHILDREN.
local function children_of(id) return redis.call('ZRANGE', children_key(id), 0, -1) end

-- Removes a child where a parent has as many as it may have: the one that ended
-- first, or else the oldest, of which the gateways are told.
local function make_room(parent, now)
  if redis.call('ZCARD', children_key(parent)) < MAX_CHILDREN then return end
  local ended = redis.call('ZRANGEBYSCORE', children_ends_key(parent), '-inf', now, 'LIMIT', 0, 1)[1]
  local id = ended or redis.call('ZRANGE', children_key(parent), 0, 0)[1]
  remove(load(id) or {id = id, parent = parent, hash = '', family = '', owner = '', name = '', lasting = '0'})
  if not ended then notify('revoked', id) end
end

-- Inserts a new token, with room for it.
local function add(t, now)
  if t.parent ~= '' then make_room(t.parent, now) end
  insert(t)
end

-- Revokes tokens, and returns those that were not revoked before.
local function end_all(ids, at, why)
  local ended = {}
  for _, id in ipairs(ids) do
    local t = load(id)
    if t and t.revoked == '0' then
      change(t, {revoked = at, why = why})
      drop_name(t)
      ended[#ended + 1] = id
    end
  end
  return ended
end

-- Revokes a token, its family and all their children.
local function revoke(t, at, why)
  local ids = {t.id}
  if t.family ~= '' then ids = redis.call('SMEMBERS', family_key(t.family)) end
  for i = 1, #ids do
    for _, child in ipairs(children_of(ids[i])) do
      ids[#ids + 1] = child
    end
  end
  local ended = end_all(ids, at, why)
  if #ended > 0 then notify('revoked', table.concat(ended, ' ')) end
  return ended
end
