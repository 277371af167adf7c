// Package config reads the two files of a gateway's configuration, the master's
// own and saltern.yaml, checks them together, and turns them into the options of
// the packages that a gateway consists of. What config-test prints is
// decided here.
//
//	c, err := config.Load(config.Files{MasterDir: "/etc/salt"})
//	for _, p := range config.Problems(err) {
//		fmt.Println("problem:", p)
//	}
//
// It opens nothing and starts nothing: it reads files, and writes none. It
// imports settings, masterconf, and the packages whose options it fills in.
package config
