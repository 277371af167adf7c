// Package jobcache reads the returns that the master keeps on disk when its
// master_job_cache is local_cache: whole, where the event bus carries at most
// max_event_size, and still there when the bus was not connected.
//
// It knows files and msgpack, and imports nothing else of Saltern.
//
//	c := jobcache.Cache{Dir: "/var/cache/salt/master/jobs", HashType: "sha256"}
//	ret, ok, err := c.Return("20261122133409055051", "web1")
package jobcache
