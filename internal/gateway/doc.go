// Package gateway makes a running gateway of its configuration: the master's own
// file and saltern.yaml. It has the adapters between the packages that know
// nothing of each other, and decides what the settings leave to decide.
//
//	c, err := gateway.Load(gateway.Files{MasterDir: "/etc/salt"})
//	g, err := gateway.New(ctx, c, log)
//	defer g.Close()
//	err = g.Run(ctx) // nil after ctx has ended, and the running requests with it
//
// It imports everything of Saltern but the command line, which alone imports it.
package gateway
