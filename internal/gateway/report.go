package gateway

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"

	"github.com/saltern-api/saltern/server"
)

// Warnings are what an operator should know though the gateway starts.
func (c *Config) Warnings() []string { return c.warnings }

// LogLevel is how much is to be logged.
func (c *Config) LogLevel() slog.Level { return c.set.Log.Level }

// Modes says of each eauth module of external_auth that has a say of its own
// what that means.
func (c *Config) Modes() []string { return modes(c.master, c.set.Auth.Deciding) }

// Summary is what the gateway will do, a line each: where it listens, and whom
// it asks about users.
func (c *Config) Summary() (lines []string) {
	for _, l := range c.listeners {
		lines = append(lines, "listen: "+describe(l))
	}
	if note := ownersNote(c.master, c.set.Tokens); note != "" {
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

// AuditLog is the file of the audit log. The error says why it cannot be read.
func (c *Config) AuditLog() (path string, err error) {
	if c.set.Audit.Off {
		return "", errors.New("the audit log is off (audit.file)")
	}
	path = auditPath(c)
	info, err := os.Stat(filepath.Dir(path))
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("there is no %s; has the gateway never run?", path)
	}
	if err != nil {
		return "", fmt.Errorf("audit log: %w", err)
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if me := os.Geteuid(); ok && me != 0 && int(owner.Uid) != me {
		return "", fmt.Errorf("%s belongs to user id %d: run this as that user", filepath.Dir(path), owner.Uid)
	}
	return path, nil
}
