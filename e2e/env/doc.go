// Package env puts a built saltern before a private real master, for the
// end-to-end tests and the benchmark. Both run as processes of their own, as
// they would on a server; everything is on loopback and ends with Stop.
//
//	r, err := env.Start(ctx, env.Options{Saltern: "bin/saltern", Sandbox: sandbox.Options{Salt: ".work/salt-3008.5"}})
//	defer r.Stop(ctx)
//	answer, err := r.Post(ctx, r.WSGI, `[{"client": "local", ...}]`)
//
// It imports internal/freeport and saltmaster/sandbox.
package env
