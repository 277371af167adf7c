-- ARGV: owner or '', time and id to go on after, how many.
local key = ARGV[1] == '' and LIST or owner_key(ARGV[1])
local after, id, limit = ARGV[2], ARGV[3], tonumber(ARGV[4])
local page, offset = {}, 0
while true do
  local rows = redis.call('ZRANGEBYSCORE', key, after, '+inf', 'WITHSCORES', 'LIMIT', offset, limit + 1)
  for n = 1, #rows, 2 do
    if tonumber(rows[n + 1]) > tonumber(after) or rows[n] > id then
      if #page == limit then return {'ok', page, 'more'} end
      local token = dump(rows[n])
      if #token > 0 then page[#page + 1] = token end
    end
  end
  if #rows < 2 * (limit + 1) then return {'ok', page} end
  offset = offset + limit + 1
end
