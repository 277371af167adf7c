// Package schedules serves the methods of /rpc about schedules, and runs these when they are
// due (schedule).
//
//	(&schedules.API{Commands: commands, Schedules: store, Standings: issuer, Wake: wake}).Methods()
//
// [Firing] runs a schedule as the user who saved it, with what this user may do then. A job
// or a target that another user may have changed since is not run.
//
// The package imports eauth, lowstate, records, server/audit, server/caller, server/web and,
// of server/rpc, commands, method, run and saved.
package schedules
