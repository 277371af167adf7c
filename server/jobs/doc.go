// Package jobs serves /v1/jobs: what was run through the master, and what the
// minions returned, from the records.
//
//	(&jobs.API{Records: jobs.NewRecords(store), Callers: resolver, ...}).Mount(mux)
//
// Callers see their own jobs. Those of others are for callers that the master surely
// lets run jobs.list_jobs and jobs.list_job, and that events_acl shows the events of
// these jobs: see sight. A job that the caller does not see is answered as one that
// does not exist.
//
// It imports eauth, lowstate, records, saltmaster/eventstream, server/audit,
// server/caller and server/web, and no other API.
package jobs
