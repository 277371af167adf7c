// Package gateway makes a running gateway of its configuration.
//
//	c, err := config.Load(config.Files{MasterDir: "/etc/salt"})
//	g, err := gateway.New(ctx, c, log)
//	defer g.Close()
//	err = g.Run(ctx) // nil after ctx has ended, and the running requests with it
//
// It and its sub-packages hold the adapters between packages that do not import
// each other, and the decisions that are neither settings nor part of one of
// those packages: config (what both files mean), auth (eauth before the
// master), tokens (API tokens), operator (the socket for the command line).
//
// It may import everything of Saltern except the command line, its only importer.
package gateway
