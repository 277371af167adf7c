package main

import (
	"context"
	"fmt"

	"github.com/saltern-api/saltern/internal/gateway/config"
)

// configTest prints every problem at once, a line each.
func configTest(_ context.Context, args []string, std stdio) error {
	var files config.Files
	f := flags("config-test")
	fileFlags(f, &files)
	if err := parse(f, args); err != nil {
		return err
	}
	c, err := config.Load(files)
	for _, warning := range c.Warnings() {
		fmt.Fprintf(std.err, "warning: %s\n", inLine(warning))
	}
	if err != nil {
		problems := config.Problems(err)
		for _, p := range problems {
			fmt.Fprintf(std.err, "problem: %s\n", inLine(p.Error()))
		}
		return fmt.Errorf("the configuration has %d problem(s)", len(problems))
	}
	for _, line := range c.Summary() {
		fmt.Fprintln(std.out, inLine(line))
	}
	_, err = fmt.Fprintln(std.out, "the configuration is good")
	return err
}
