// Package server is HTTP in and out: the listeners and their TLS, the router,
// one file per surface (rest_cherrypy's and rest_wsgi's), and the loopback
// listener for metrics and health. It knows no Salt wire: what a request asks
// for is package lowstate's business, reached through [Gateway].
//
// [Plan] turns what the config files say into listeners, [Listen] opens them,
// and [Server.Serve] answers until its context ends. Limits stand in front of
// everything that a client could make the gateway hold: connections, headers,
// bodies, and the time for each.
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
// The package imports lowstate and its own settings.
package server
