// Package rpc serves /rpc, the API of SaltStack Config (RaaS, Tanzu Salt), to the
// programs that are written for it: calls of methods by their resource and name, one
// or a list of them in a request.
//
//	(&rpc.API{Callers: callers, Logins: logins, ...}).Mount(mux)
//
// # Methods
//
// The methods are declared by the packages below this one, of the resources after which
// they are named: see package method. The API gives each package what it needs, serves the
// methods, and makes api.discover of them. A method whose data are not there, such as those
// of records where nothing is recorded, is neither served nor discovered.
//
//	accounts   auth: the caller, roles, users and groups
//	saved      job, tgt, kv: what users save
//	commands   cmd, ret: commands, and what minions returned
//	schedules  schedule: what is run at times
//	fleet      minions, master: minions and the master
//	files      fs: the files that minions get
//	upkeep     admin, audit, stats: the gateway's own data
//	run        no resource: how commands are run
//	method     no resource: declarations and calls
//
// Their imports go one way: schedules, commands, fleet, run, saved, method; files imports
// run, accounts imports saved, and upkeep method alone.
//
// # Rights
//
// A method names the permissions that it needs, of which the caller has one. What is
// run goes to the master with the caller's own authority, and within the scopes of
// the caller's token: the master decides last.
//
// # Errors
//
// What is wrong with a call is a [method.Error] in its envelope, under the status 200. What
// is wrong with the request, such as its credential, has a status of its own, and an
// envelope too.
//
// The package imports the packages below it, eauth, lowstate, records, server/audit,
// server/caller, server/tokenapi and server/web, and no other API.
package rpc
