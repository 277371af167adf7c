package rpc

import (
	"slices"
	"strings"

	"github.com/saltern-api/saltern/server/rpc/accounts"
	"github.com/saltern-api/saltern/server/rpc/commands"
	"github.com/saltern-api/saltern/server/rpc/files"
	"github.com/saltern-api/saltern/server/rpc/fleet"
	"github.com/saltern-api/saltern/server/rpc/method"
	"github.com/saltern-api/saltern/server/rpc/run"
	"github.com/saltern-api/saltern/server/rpc/saved"
	"github.com/saltern-api/saltern/server/rpc/schedules"
	"github.com/saltern-api/saltern/server/rpc/upkeep"
)

// Methods returns all declared methods, in the order of their names.
func Methods() []*method.Method { return new(API).declared() }

// declared returns the methods of all packages, in the order of their names, with what
// the API has.
func (a *API) declared() []*method.Method {
	library, runs := a.running()
	planned := a.scheduled(runs)
	all := slices.Concat(
		a.ownMethods(),
		library.Methods(),
		(&accounts.API{Saved: library, Accounts: a.Accounts, Logins: a.Logins, JWTs: a.JWTs}).Methods(),
		runs.Fleet.Methods(),
		runs.Methods(),
		(&files.API{Run: runs.Fleet.Run}).Methods(),
		planned.Methods(),
		(&upkeep.API{Store: a.Upkeep, Runs: a.Schedules, AuditLog: a.AuditLog, Records: a.Records, MasterID: a.MasterID}).Methods(),
	)
	slices.SortFunc(all, func(a, b *method.Method) int { return strings.Compare(a.String(), b.String()) })
	return all
}

// running returns what is saved, and what runs commands.
func (a *API) running() (*saved.API, *commands.API) {
	library := &saved.API{
		Library: a.Library, Values: a.Values, Limits: a.Accounts, Schedules: a.Schedules, Logins: a.Logins, MasterID: a.MasterID,
	}
	return library, &commands.API{
		Fleet: &fleet.API{
			Run:     &run.API{Saved: library, Gateway: a.Gateway, Authority: a.Authority, Clients: a.Clients, Ran: a.Ran},
			Minions: a.Minions, Reading: a.reading, MasterID: a.MasterID,
		},
		Records: a.Records, Writer: a.Writer, Following: a.Following, MasterID: a.MasterID,
	}
}

// scheduled returns what has schedules.
func (a *API) scheduled(runs *commands.API) *schedules.API {
	return &schedules.API{Commands: runs, Schedules: a.Schedules, Standings: a.Standings, Wake: a.WakeSchedules}
}

// Firing returns what runs schedules with what the API has. It takes no part in what the
// API serves.
func (a *API) Firing() *schedules.Firing {
	_, runs := a.running()
	return &schedules.Firing{API: a.scheduled(runs), Rights: a.Rights}
}
