// Package lowstate runs lowstates: lists of chunks, each naming a client (local,
// local_async, runner, ...), a function and a target. It authenticates the
// caller of every chunk, checks the whole list, and only then runs the chunks
// one after the other.
//
//	b := budget.New(ctx, nil)
//	chunks, err := lowstate.Parse(b, body, 0)
//	result, err := gateway.Run(ctx, lowstate.Call{Chunks: chunks, RemoteAddr: addr, Budget: b})
//
// # The way of a call
//
//	gateway, call, error      what callers of the package see
//	parse, deferred           a body becomes chunks; large values are decoded later
//	chunk, fields             a chunk, and its values as the clients read them
//	run, task                 one call: authenticate, prepare, allow, run, answer
//	authority                 the credentials of a chunk
//	command, authorize        what a job is to run, and whether it may: rules and scopes
//	master                    the master, and how commands are sent with a caller's grant
//	answer                    what jobs return, typed; it becomes JSON where it goes out
//	summary, arguments        what the audit log has of a chunk
//
// # The clients
//
//	clients                   the interfaces Client and Job, and the list of all clients
//	local, local_batch*       publications
//	target, publication, wait*, results, jobcache
//	                          what these share: the target, what is published, the wait for returns
//	runner*, wheel*           functions of the master itself; mastercall is what they share,
//	lookup                    and what of them is answered from files
//	ssh*                      salt-ssh, through package saltssh
//
// # Adding a client
//
// A client is one file: a type with [Client]'s methods, whose Prepare returns a
// [Job]. Its line in [Clients] makes it one of the gateway's. Its name has a
// place among the values of netapi_enable_clients (masterconf), and among the
// kinds of role.Call, without which no API token's scope allows it. A job cannot do without [Job.Command],
// by which the rules, scopes and logs see it; one that has a target to be
// restricted has the method restrictTarget beside that. The example is a whole
// client.
//
// The package imports eauth, eauth/acl, eauth/apitoken/role, saltmaster and its
// packages, and internal packages, but neither HTTP nor anything of server.
package lowstate
