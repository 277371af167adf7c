// Package sandbox runs a private, real Salt: one master, any number of minions
// and, if requested, salt-api, all from a virtual environment that holds a pinned
// Salt version. Everything listens on free loopback ports, keeps its state in
// one folder, and ends when the sandbox is stopped or the process that started
// it dies. No file, user or service of the machine is touched.
//
// It serves tests, the benchmark and the demo, so it imports nothing above
// itself and nothing from testing.
//
//	sb, err := sandbox.Start(ctx, sandbox.Options{
//		Salt:    ".work/salt-3008.5",
//		Minions: []string{"ms-0", "ms-1"},
//	})
//	if err != nil {
//		return err
//	}
//	defer sb.Stop(context.Background())
//	// saltern serve -c sb.ConfDir()
package sandbox
