package main

import (
	"context"
	"fmt"

	"github.com/saltern-api/saltern/server"
)

// configTest prints every problem at once, a line each.
func configTest(_ context.Context, args []string, std stdio) error {
	var w where
	f := flags("config-test")
	w.flags(f)
	if err := parse(f, args); err != nil {
		return err
	}
	c, err := w.load()
	for _, warning := range c.warnings {
		fmt.Fprintf(std.err, "warning: %s\n", inLine(warning))
	}
	if err != nil {
		problems := flatten(err)
		for _, p := range problems {
			fmt.Fprintf(std.err, "problem: %s\n", inLine(p.Error()))
		}
		return fmt.Errorf("the configuration has %d problem(s)", len(problems))
	}
	for _, l := range c.listeners {
		fmt.Fprintf(std.out, "listen: %s\n", inLine(describe(l)))
	}
	if note := ownersNote(c.master, c.set.Tokens); note != "" {
		fmt.Fprintf(std.out, "tokens: %s\n", inLine(note))
	}
	for _, mode := range modes(c.master, c.set.Auth.Deciding) {
		fmt.Fprintf(std.out, "eauth %s\n", mode)
	}
	_, err = fmt.Fprintln(std.out, "the configuration is good")
	return err
}

// flatten takes joined errors apart.
func flatten(err error) []error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	for _, e := range joined.Unwrap() {
		all = append(all, flatten(e)...)
	}
	return all
}

// describe says what a listener will be.
func describe(l server.ListenerSpec) string {
	scheme := "http"
	if l.TLS {
		scheme = "https"
	}
	text := fmt.Sprintf("%s://%s as %s", scheme, l.Address, l.Surface)
	switch l.Clients.Mode {
	case server.ClientCertOptional:
		text += ", client certificates optional"
	case server.ClientCertRequired:
		text += ", client certificates required"
	case server.ClientCertNone:
	}
	return text
}
