// Package gateway makes a running gateway of its configuration.
//
//	c, err := config.Load(config.Files{MasterDir: "/etc/salt"})
//	g, err := gateway.New(ctx, c, log)
//	defer g.Close()
//	err = g.Run(ctx) // nil after ctx has ended, and the running requests with it
//
// Here and in its sub-packages are the adapters between the packages that know
// nothing of each other, and the decisions that neither the settings nor one of
// those packages takes: config (what both files mean), auth (eauth before the
// master), tokens (API tokens), operator (the socket for the command line).
//
// It may import everything of Saltern but the command line, which alone imports it.
package gateway
