// Package saved serves the methods of /rpc about what users save: jobs, targets, and values
// by keys (job, tgt, kv).
//
//	(&saved.API{Library: store, Values: store, Limits: accounts, ...}).Methods()
//
// # Access
//
// Jobs and targets have an owner and an access list, which names roles. [Call.Seen] is the
// one way to read one for a caller: what the caller does not see is answered as what does
// not exist.
//
// # Targets that open
//
// A role with cmd-run and no targets of its own runs on the saved targets whose access
// list names it: [Call.OpenTargets] adds them to the scope of a command. Nobody gives such
// a role more minions than they may run on themselves.
//
// The package imports eauth, lowstate, records, server/rpc/method, server/tokenapi and
// server/web, and no other of server/rpc.
package saved
