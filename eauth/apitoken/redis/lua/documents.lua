-- ARGV: collection, key to go on after or '', how many.
local from = ARGV[2] == '' and '-' or '(' .. ARGV[2]
local keys = redis.call('ZRANGEBYLEX', P .. 'document-keys:' .. ARGV[1], from, '+', 'LIMIT', 0, ARGV[3])
local found = {}
for _, key in ipairs(keys) do
  found[#found + 1] = key
  found[#found + 1] = redis.call('HGET', P .. 'documents:' .. ARGV[1], key) or ''
end
return {'ok', found}
