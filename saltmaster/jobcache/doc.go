// Package jobcache reads what the master keeps on disk when its
// master_job_cache is local_cache: the returns of minions, whole, where the
// event bus carries at most max_event_size, and still there when the bus was not
// connected; and for look-ups a job with all of its returns, and the list of all
// jobs.
//
//	c := jobcache.Cache{Dir: "/var/cache/salt/master/jobs", HashType: "sha256"}
//	ret, ok, err := c.Return("20261122133409055051", "web1")
//	job, err := c.Job(ctx, "20261122133409055051")
//	jobs, err := jobcache.NewIndex(c, kept).Jobs(ctx)
//
// It knows files and msgpack, and imports saltmaster/msgpack and internal/pyglob.
package jobcache
