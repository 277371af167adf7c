// Saltern is the Salt API gateway: one program in the place of salt-api.
//
// This package is the command line: one file per sub-command. What a gateway
// is and does is internal/gateway's.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/saltern-api/saltern/internal/gateway/config"
)

const usage = `Saltern is the Salt API gateway: one program in the place of salt-api.

Usage:

    saltern serve [-c DIR] [--config FILE]        answer requests until SIGTERM
    saltern config-test [-c DIR] [--config FILE]  print every problem of the configuration
    saltern demo --salt DIR [--detach]            try it on a private master
    saltern demo --stop                           end the demo that runs detached
    saltern token ...                             API tokens: create, list, show, regenerate, revoke
    saltern role ...                              what tokens can be narrowed to
    saltern service-account ...                   owners of tokens that are programs
    saltern audit ...                             who did what, from the audit log
    saltern records ...                           what is kept of jobs: export, import, trim
    saltern version                               print version and Go release

    -c DIR         folder of the master's configuration (default /etc/salt)
    --config FILE  Saltern's own settings (default /etc/saltern/saltern.yaml, if it is there)
`

// stdio is the output of a command.
type stdio struct {
	out, err io.Writer
}

// commands by name. Each returns the error to print.
var commands = map[string]func(ctx context.Context, args []string, std stdio) error{
	"serve":       serve,
	"config-test": configTest,
	"demo":        demo,
	"version":     printVersion,

	"token":           tokenCommand,
	"role":            roleCommand,
	"service-account": serviceAccountCommand,

	"audit":   auditCommand,
	"records": recordsCommand,
}

func main() { os.Exit(run(os.Args[1:], stdio{os.Stdout, os.Stderr}.printers())) }

// The exit codes.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

func run(args []string, std stdio) int {
	if len(args) == 0 {
		fmt.Fprint(std.err, usage)
		return exitUsage
	}
	switch args[0] {
	case "help", "-h", "-help", "--help":
		fmt.Fprint(std.out, usage)
		return exitOK
	case "-version", "--version":
		args[0] = "version"
	}
	command, ok := commands[args[0]]
	if !ok {
		fmt.Fprintf(std.err, "saltern: unknown command %q\n\n%s", args[0], usage)
		return exitUsage
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	err := command(ctx, args[1:], std)
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(std.out, usage)
		return exitOK
	case errors.Is(err, errUsage):
		fmt.Fprintf(std.err, "saltern: %v\n\n%s", err, usage)
		return exitUsage
	}
	fmt.Fprintf(std.err, "saltern: %v\n", err)
	return exitFailed
}

var errUsage = errors.New("wrong use")

// flags returns a flag set that prints nothing by itself.
func flags(name string) *flag.FlagSet {
	f := flag.NewFlagSet(name, flag.ContinueOnError)
	f.SetOutput(io.Discard)
	return f
}

// fileFlags adds the flags with the paths of the configuration.
func fileFlags(f *flag.FlagSet, files *config.Files) {
	f.StringVar(&files.MasterDir, "c", config.DefaultMasterDir, "")
	f.StringVar(&files.Settings, "config", "", "")
}

// load reads the configuration.
func load(files config.Files) (*config.Config, error) {
	c, err := config.Load(files)
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	return c, nil
}

func parse(f *flag.FlagSet, args []string) error {
	err := f.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return err
	case err != nil:
		return fmt.Errorf("%w of %s: %w", errUsage, f.Name(), err)
	case f.NArg() > 0:
		return fmt.Errorf("%w of %s: unexpected %q", errUsage, f.Name(), f.Arg(0))
	}
	return nil
}
