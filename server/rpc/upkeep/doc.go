// Package upkeep serves the methods of /rpc about the gateway's own data: old records, the
// audit log, and numbers (admin, audit, stats).
//
//	(&upkeep.API{Store: store, Runs: store, AuditLog: log, Records: reader, MasterID: "salt"}).Methods()
//
// The package imports eauth, records, server/audit, server/caller and server/rpc/method, and
// no other of server/rpc.
package upkeep
