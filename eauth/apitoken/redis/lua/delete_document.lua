-- ARGV: collection, key.
redis.call('ZREM', P .. 'document-keys:' .. ARGV[1], ARGV[2])
if redis.call('HDEL', P .. 'documents:' .. ARGV[1], ARGV[2]) == 0 then return {'not found'} end
notify('documents', '1')
return {'ok'}
