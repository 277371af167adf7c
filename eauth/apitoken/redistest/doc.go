// Package redistest runs real Redis servers for tests, each in a folder of its
// own and without a port where that is possible.
//
//	server := redistest.Start(t, redistest.Options{})
//	store := redis.Open(redis.Options{UniversalOptions: server.Client()})
//	server.Kill()  // as kill -9 does
//	server.Start() // with what it had written
//
// It imports internal/freeport.
package redistest
