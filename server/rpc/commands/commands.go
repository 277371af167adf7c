package commands

import (
	"context"
	"slices"

	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/saltmaster"
	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/rpc/fleet"
	"github.com/saltern-api/saltern/server/rpc/method"
	"github.com/saltern-api/saltern/server/rpc/saved"
)

// Records reads what was run, as far as a caller sees it. Errors are a *[web.Error]
// or the context's. *jobs.Reader is one.
type Records interface {
	Job(ctx context.Context, c *caller.Caller, jid string, minions bool) (records.Job, error)
	Jobs(ctx context.Context, c *caller.Caller, q records.Query) (records.JobPage, error)
	CountJobs(ctx context.Context, c *caller.Caller, f records.Filter) (records.Counts, error)
	CountReturns(ctx context.Context, c *caller.Caller, f records.Filter) (records.ReturnCounts, error)
	Returns(ctx context.Context, c *caller.Caller, jid string, q records.ReturnQuery) (records.ReturnPage, error)
	Return(ctx context.Context, c *caller.Caller, jid, minion string) (records.Return, error)
	LastJobs(ctx context.Context, c *caller.Caller, minions []string) ([]records.LastJob, error)
}

// API is the methods about commands. Its fields are set once.
type API struct {
	Fleet *fleet.API

	// Records has what was run, as far as a caller sees it; Writer records what was run
	// without the master. Without Records the methods that read them are not served.
	Records Records
	Writer  records.Writer

	Following *Following // Follows commands of minions. Without it nobody does.
	MasterID  string     // The name of the master in answers.

	jids saltmaster.JIDs
}

// Methods returns the declarations.
func (a *API) Methods() []*method.Method {
	return slices.Concat(a.cmdMethods(), a.controlMethods(), a.retMethods())
}

// runs reports whether commands can be run.
func (a *API) runs() bool { return a.Fleet.Run.Ready() }

// recorded reports whether there are records.
func (a *API) recorded() bool { return a.Records != nil }

// Call is a call, with what runs commands and finds them.
type Call struct {
	fleet.Call
	api *API

	// Origin is the schedule that makes the call, if one does, and Unchanged is of that
	// schedule: it returns an error unless it may run what is saved.
	Origin    lowstate.Origin
	Unchanged func(saved.Item) error

	described map[string]string // the descriptions of what is saved, by ids
}

// Of returns a call with what runs commands.
func (a *API) Of(c *method.Call) Call { return Call{Call: a.Fleet.Of(c), api: a} }

// declare declares a method.
func declare[P any](a *API, about method.About, run func(ctx context.Context, c *Call, p P) (any, error)) *method.Method {
	return method.New(about, func(ctx context.Context, c *method.Call, p P) (any, error) {
		of := a.Of(c)
		return run(ctx, &of, p)
	})
}

func (a *API) cmdMethods() []*method.Method {
	return []*method.Method{
		declare(a, method.About{
			Name: "cmd.route_cmd", Doc: "Run a command. It is published at once; what comes of it is in `cmd.get_cmds` and in `ret`.",
			Returns: "the job id",
			Rights: "`cmd-run`, `cmd-runner-run` or `cmd-wheel-run`, by `cmd`, or `job-run` for a saved job on minions, on its own target: All Minions needs `target-allminions-run` beside it, and the targets of roles with `cmd-run` limit it, too; a token needs scopes that allow the command, " +
				"and the master's rules decide last",
			Served: a.runs(),
		}, Route),
		declare(a, method.About{
			Name: "cmd.get_cmds", Doc: "Find commands, the newest first unless a sort is named.",
			Returns: "`{count, results}`, a row for each command. `count` is that of all pages, up to 10,000; `duration` is in seconds, and null before the end",
			Needs:   []role.Permission{role.CmdRead}, Served: a.recorded(),
		}, GetCmds),
		declare(a, method.About{
			Name: "cmd.get_cmd_status", Doc: "Return the states of some commands: complete for one that has ended, not-found for one that is not known.",
			Returns: "a list of texts in the order of the ids", Needs: []role.Permission{role.CmdRead}, Served: a.recorded(),
		}, getCmdStatus),
		declare(a, method.About{
			Name: "cmd.get_cmd_details", Doc: "Return what came of each minion of a command.",
			Returns: "`{count, results}`, a row for each minion, with `full_ret` if `minion_id_exact` is given",
			Needs:   []role.Permission{role.CmdRead}, Served: a.recorded(),
		}, getCmdDetails),
	}
}
