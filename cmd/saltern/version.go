package main

import (
	"context"
	"fmt"
	"runtime"
)

func printVersion(_ context.Context, args []string, std stdio) error {
	if err := parse(flags("version"), args); err != nil {
		return err
	}
	_, err := fmt.Fprintf(std.out, "saltern %s %s %s/%s\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}
