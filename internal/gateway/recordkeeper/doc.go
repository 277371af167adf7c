// Package recordkeeper opens the records of a gateway, and keeps them within their
// limits.
//
//	store, err := recordkeeper.Open(config, log) // nil where nothing is recorded
//	k := recordkeeper.New(store, recordkeeper.Options{Trim: ..., Registerer: registry, Log: log})
//	go k.Run(ctx)
//
// A database that is away does not keep a gateway from its work: it is tried
// again, and /readyz, the log and a metric say so.
//
// It imports internal/gateway/config, internal/settings and records.
package recordkeeper
