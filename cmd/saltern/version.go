package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
)

// version is set by the linker in releases.
var version string

func printVersion(_ context.Context, args []string, std stdio) error {
	if err := parse(flags("version"), args); err != nil {
		return err
	}
	_, err := fmt.Fprintf(std.out, "saltern %s %s %s/%s\n", builtVersion(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}

// builtVersion returns the version of a release, or else that of the module,
// which `go install` sets.
func builtVersion() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "development"
}
