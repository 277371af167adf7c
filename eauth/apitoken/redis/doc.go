// Package redis keeps tokens in Redis, where several gateways share them. It works
// with a single server, with Sentinel and with Cluster.
//
//	store := redis.Open(redis.Options{
//		UniversalOptions: goredis.UniversalOptions{Addrs: []string{"127.0.0.1:6379"}},
//	})
//	defer store.Close()
//
// Open does not connect: while Redis cannot be reached every call returns
// [apitoken.ErrUnavailable], and the rest of the gateway goes on.
//
// # Requirements
//
// Redis 5 or newer with maxmemory-policy noeviction. The store is as durable as
// Redis is configured: only with "appendonly yes" and "appendfsync always" does an
// answered write survive a crash, and a replica that takes over lacks what was not
// replicated yet. Tokens are always read from the primary.
//
// A user of its own needs no more than
//
//	ACL SETUSER saltern on >password ~{saltern}:* +@read +@write +@scripting +@connection -@dangerous
//
// and in a cluster +cluster|slots.
//
// All keys have one hash tag, so that in a cluster they are in one slot: each atomic
// step is a script, and tokens are few.
//
// The package may import eauth/apitoken, internal/pause and go-redis.
package redis
