// Package lookup returns what the master's runners jobs.* and its wheel
// functions key.* return, from the master's own files: the job cache of
// local_cache, and pki_dir. The master forks a process for a runner, which takes
// most of a second.
//
//	jobs := lookup.NewJobs(jobcache.Cache{Dir: "/var/cache/salt/master/jobs", HashType: "sha256"}, nil)
//	ret, err := jobs.Runner(ctx, "jobs.list_job", arg, kwarg)
//	if errors.Is(err, lookup.ErrAsk) {
//		// the master has to run it
//	}
//
// A return is the same to the byte as the runner's once it is JSON, or there is
// none: whatever Salt's own code would refuse, or may make something else of, is
// [ErrAsk]. The package checks nobody's rights. It imports
// saltmaster/jobcache, saltmaster/msgpack and internal/pyglob.
package lookup
