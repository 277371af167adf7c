package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/saltern-api/saltern/internal/settings"
	"github.com/saltern-api/saltern/records/postgres"
)

// RecordsURLEnv is the environment variable with the URL of PostgreSQL, unless
// records.url_file is set.
const RecordsURLEnv = "SALTERN_RECORDS_URL"

// recordsFile is the file of records in the state directory.
const recordsFile = "records.db"

// RecordFiles is the content of the files of records' settings.
type RecordFiles struct {
	URL string // of PostgreSQL, with its password
}

// readRecordFiles reads the URL of PostgreSQL. No error has a part of it.
func readRecordFiles(r settings.Records) (files RecordFiles, err error) {
	if r.Store != settings.RecordsPostgres {
		return files, nil
	}
	from := "records.url_file"
	if r.URLFile != "" {
		if files.URL, err = secretFile(r.URLFile); err != nil {
			return files, fmt.Errorf("%s: %w", from, err)
		}
	} else if files.URL, from = os.Getenv(RecordsURLEnv), RecordsURLEnv; files.URL == "" {
		return files, errors.New("records: store: postgres needs url_file, or the environment variable " + RecordsURLEnv)
	}
	if _, err := postgres.InClearText(files.URL); err != nil {
		return RecordFiles{}, fmt.Errorf("%s: %w", from, err)
	}
	return files, nil
}

// recordWarnings are about valid settings that are likely mistakes.
func recordWarnings(r settings.Records, files RecordFiles) (all []string) {
	if clear, err := postgres.InClearText(files.URL); err == nil && clear && files.URL != "" {
		all = append(all, "records: what minions return may travel in clear text to PostgreSQL: sslmode=verify-full in its URL keeps others out")
	}
	if r.URLFile != "" && r.Store != settings.RecordsPostgres {
		all = append(all, "records.url_file has no effect without store: postgres")
	}
	if r.File != "" && r.Store != settings.RecordsSQLite {
		all = append(all, "records.file has no effect without store: sqlite")
	}
	return all
}

// RecordsFile returns the path of the records in SQLite.
func (c *Config) RecordsFile() string {
	if c.Settings.Records.File != "" {
		return c.Settings.Records.File
	}
	return filepath.Join(c.Settings.StateDir, recordsFile)
}

// MayOpenRecords returns why a command must not open the records itself: the
// gateway could not read files that root creates beside them.
func (c *Config) MayOpenRecords() error {
	switch r := c.Settings.Records; {
	case r.Store == settings.RecordsOff:
		return errors.New("nothing is recorded (records.store: off)")
	case r.Store == settings.RecordsPostgres:
		return nil
	case r.File != "":
		return checkOwner("records.file", filepath.Dir(r.File))
	}
	return checkOwner("state_dir", c.Settings.StateDir)
}

// checkOwner returns an error for a directory of another user.
func checkOwner(what, dir string) error {
	uid, err := ownerOf(dir)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if uid != os.Geteuid() {
		return fmt.Errorf("%s: %s belongs to user id %d: run this as that user", what, dir, uid)
	}
	return nil
}
