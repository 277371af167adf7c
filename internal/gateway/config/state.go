package config

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"

	"github.com/saltern-api/saltern/internal/settings"
	"github.com/saltern-api/saltern/server/audit"
)

// auditFile is the audit log's path in the state directory, unless the settings
// have another one.
const auditFile = "audit/audit.jsonl"

// AuditFile returns the path of the audit log; "" if it is off.
func (c *Config) AuditFile() string {
	switch {
	case c.Settings.Audit.Off:
		return ""
	case c.Settings.Audit.File != "":
		return c.Settings.Audit.File
	}
	return filepath.Join(c.Settings.StateDir, auditFile)
}

// Audit returns the options of the audit log; on is false if it is off.
func (c *Config) Audit(log *slog.Logger) (o audit.Options, on bool) {
	file := c.AuditFile()
	a := c.Settings.Audit
	return audit.Options{File: file, MaxSize: a.MaxSize, Keep: a.Keep, Logger: log}, file != ""
}

// ReadableAuditFile returns the path of the audit log, or why it cannot be
// read.
func (c *Config) ReadableAuditFile() (string, error) {
	path := c.AuditFile()
	if path == "" {
		return "", errors.New("the audit log is off (audit.file)")
	}
	dir := filepath.Dir(path)
	uid, err := ownerOf(dir)
	switch me := os.Geteuid(); {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("there is no %s; has the gateway never run?", path)
	case err != nil:
		return "", fmt.Errorf("audit log: %w", err)
	case me != 0 && uid != me:
		return "", fmt.Errorf("%s belongs to user id %d: run this as that user", dir, uid)
	}
	return path, nil
}

// MayWriteAudit returns why a command must not write to the audit log itself:
// the gateway might have no access to a file that the command creates.
func (c *Config) MayWriteAudit() error {
	dir := c.Settings.StateDir
	if file := c.Settings.Audit.File; file != "" {
		dir = filepath.Dir(file)
	}
	return checkStateOwner(dir)
}

// MayOpenTokens returns why a command must not open the store of tokens itself,
// while no gateway is running.
func (c *Config) MayOpenTokens() error {
	switch c.Settings.Tokens.Store {
	case settings.StoreRedis:
		return nil
	case settings.StoreMemory:
		return errors.New("no gateway answers, and tokens.store: memory has them in the gateway's memory alone")
	}
	return checkStateOwner(c.Settings.StateDir)
}

// checkStateOwner returns an error for a state directory of another user: the
// gateway could not read files that root creates there.
func checkStateOwner(dir string) error {
	uid, err := ownerOf(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("state_dir %s: there is none; has the gateway never run?", dir)
	case err != nil:
		return fmt.Errorf("state_dir: %w", err)
	case uid != os.Geteuid():
		return fmt.Errorf("no gateway answers, and state_dir %s belongs to user id %d: run this as that user", dir, uid)
	}
	return nil
}

// ownerOf returns the user id of a file's owner.
func ownerOf(path string) (int, error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, fmt.Errorf("%s: its owner is not known", path)
	}
	return int(stat.Uid), nil
}

// stateDirWarnings are about other users that can replace files in the state
// directory: sessions, tokens and the key of their hashes. A missing directory is
// created for the gateway alone.
func stateDirWarnings(dir string) []string {
	info, err := os.Stat(dir)
	if err != nil || info.Mode().Perm()&0o022 == 0 {
		return nil
	}
	return []string{fmt.Sprintf("state_dir: %s: its mode %#o lets others change what is in it; chmod 700 keeps them out",
		dir, info.Mode().Perm())}
}
