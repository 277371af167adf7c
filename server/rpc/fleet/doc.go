// Package fleet serves the methods of /rpc about minions and the master: their keys, grains
// and presence (minions, master, and which minions a target matches).
//
//	(&fleet.API{Run: commands, Minions: reader, Reading: fleet.NewReading(), MasterID: "salt"}).Methods()
//
// What the master has on disk of minions is read, as far as the caller sees it; where that
// cannot be, the master is asked with the caller's authority.
//
// The package imports eauth, lowstate, records, saltmaster, server/caller, server/rpc/method,
// server/rpc/run, server/rpc/saved and server/web, and no other of server/rpc.
package fleet
