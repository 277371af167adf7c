package redis_test

import (
	goredis "github.com/redis/go-redis/v9"

	"github.com/saltern-api/saltern/eauth/apitoken/redis"
)

func Example() {
	store := redis.Open(redis.Options{
		UniversalOptions: goredis.UniversalOptions{Addrs: []string{"127.0.0.1:6379"}},
	})
	defer func() { _ = store.Close() }()
}
