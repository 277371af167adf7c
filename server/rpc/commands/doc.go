// Package commands serves the methods of /rpc that run commands, control them, and find
// them and what minions returned (cmd, ret).
//
//	(&commands.API{Fleet: minions, Records: reader, Writer: store, Following: f, MasterID: "salt"}).Methods()
//
// # Rights
//
// [Call.MayRoute] decides what a caller may run: by its permissions, or, for the holder of
// a token, by the scopes when the command is run. A saved job that is run as it was saved
// needs less than another command.
//
// # Following
//
// [Following] has commands end in the records when salt would stop waiting for them.
//
// The package imports eauth, lowstate, records, saltmaster, server/caller, server/web and, of
// server/rpc, fleet, method, run and saved.
package commands
