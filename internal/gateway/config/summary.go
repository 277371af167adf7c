package config

import (
	"fmt"

	"github.com/saltern-api/saltern/server"
)

// Summary describes the gateway, a line each: its listeners, the destinations of
// call-backs, which stores of the master are not read here, and which eauth modules
// give which rights.
func (c *Config) Summary() (lines []string) {
	for _, l := range c.Listeners {
		lines = append(lines, "listen: "+describe(l))
	}
	if note := ownersNote(c.Master, c.Settings.Tokens); note != "" {
		lines = append(lines, "tokens: "+note)
	}
	lines = append(lines, callbackNotes(c.Settings.Callbacks)...)
	for _, note := range c.StoreNotes() {
		lines = append(lines, "master's "+note)
	}
	for _, mode := range c.Modes() {
		lines = append(lines, "eauth "+mode)
	}
	return lines
}

// Problems splits the error of [Load].
func Problems(err error) []error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	for _, e := range joined.Unwrap() {
		all = append(all, Problems(e)...)
	}
	return all
}

// describe describes a listener.
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
