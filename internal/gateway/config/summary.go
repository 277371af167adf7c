package config

import (
	"fmt"

	"github.com/saltern-api/saltern/server"
)

// Summary is what the gateway will do, a line each: where it listens, and which
// eauth modules decide what.
func (c *Config) Summary() (lines []string) {
	for _, l := range c.Listeners {
		lines = append(lines, "listen: "+describe(l))
	}
	if note := ownersNote(c.Master, c.Settings.Tokens); note != "" {
		lines = append(lines, "tokens: "+note)
	}
	for _, mode := range c.Modes() {
		lines = append(lines, "eauth "+mode)
	}
	return lines
}

// Problems takes the error of [Load] apart.
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
