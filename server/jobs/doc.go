// Package jobs serves /v1/jobs, what was run through the master and what the minions
// returned, from the records; and /v1/minions, from the records and the master's
// files.
//
//	(&jobs.API{Records: jobs.NewRecords(store), Callers: resolver, ...}).Mount(mux)
//
// Callers see their own jobs. Those of others are for callers that the master surely
// lets run jobs.list_jobs and jobs.list_job, and that events_acl shows the events of
// these jobs: see sight. Of minions they see what the master would tell them: see
// minionSight. What the caller does not see is answered as what does not exist.
//
// It imports eauth, internal/pause, lowstate, records, saltmaster/eventstream, saltmaster/msgpack,
// server/audit, server/caller, server/waiting and server/web, and no other API.
package jobs
