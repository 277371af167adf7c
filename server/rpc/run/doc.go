// Package run runs commands for the methods of /rpc: one at a time, with the caller's own
// authority and within the scopes of its token. The master decides last.
//
//	ids := []string{}
//	err := c.Wheel(ctx, &ids, "minions.connected", nil)
//
// The saved targets that a role is limited to are those of package saved, which are looked
// up for each command.
//
// The package imports eauth, lowstate, saltmaster, server/audit, server/caller,
// server/rpc/method, server/rpc/saved and server/web, and no other of server/rpc.
package run
