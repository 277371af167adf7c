"""The part of redis-py-cluster that Salt's token store rediscluster uses, with one server."""

from redis import Redis as StrictRedisCluster
from redis import exceptions as exceptions

exceptions.RedisClusterException = exceptions.RedisError
