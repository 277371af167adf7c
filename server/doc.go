// Package server opens the listeners, with their limits and TLS, mounts the APIs
// on them, and stops them. The APIs are packages of their own, from netapi (salt-api's
// own) to vcd; this one mounts them and is imported by none of them.
//
// [Plan] turns the config files' sections into listeners, [Listen] opens them,
// and [Server.Serve] serves until its context ends. Everything that a client
// could make the gateway hold is bounded: connections, headers, bodies, and the
// time for each.
//
//	specs, warnings, err := server.Plan(sections, set)
//	registry := server.NewRegistry()
//	srv, err := server.Listen(ctx, server.Config{
//		Gateway:   gateway,
//		Listeners: specs,
//		Settings:  set,
//		Registry:  registry,
//		Ready:     ready,
//		Log:       log,
//	})
//	err = srv.Serve(ctx) // nil after ctx has ended and the running requests with it
//
// Imports go one way: server, then the APIs, then server/caller, then server/web.
package server
