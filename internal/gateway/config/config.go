package config

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/saltern-api/saltern/eauth/apitoken/reminder"
	"github.com/saltern-api/saltern/internal/settings"
	"github.com/saltern-api/saltern/saltmaster/eventstream"
	"github.com/saltern-api/saltern/saltmaster/masterconf"
	"github.com/saltern-api/saltern/server"
)

// The default paths of the configuration.
const (
	DefaultMasterDir = "/etc/salt"
	DefaultSettings  = "/etc/saltern/saltern.yaml"
)

// Files are the two paths of the configuration.
type Files struct {
	MasterDir string // directory of the master's file
	Settings  string // Saltern's own file; "" stands for [DefaultSettings], if it is there
}

// Config is the whole configuration, loaded and checked.
type Config struct {
	Master   *masterconf.Config
	Settings *settings.Settings

	Listeners []server.ListenerSpec // to be opened
	Main      server.MainOptions    // of rest_cherrypy's API
	Tokens    TokenFiles            // the content of the files of API tokens' settings
	Senders   []reminder.Sender     // of reminders of expiring tokens
	Records   RecordFiles           // the content of the files of records' settings
	Callbacks Callbacks             // destinations of call-backs

	Version string // of the gateway, for programs; not loaded

	warnings []string
}

// Load reads both files and plans the listeners. Its error joins all problems;
// [Problems] splits it. With an error, only the warnings of the Config are
// usable.
func Load(files Files) (*Config, error) {
	mc, masterWarnings, masterErr := masterconf.Load(files.MasterDir)
	set, setErr := loadSettings(files.Settings)
	c := &Config{Master: mc, Settings: set}
	for _, w := range masterWarnings {
		c.warn(w.String())
	}
	if masterErr == nil {
		c.warn(clientsWarning(mc)...)
	}
	errs := []error{masterErr, setErr, c.plan(masterErr, setErr)}
	if masterErr == nil && setErr == nil {
		c.warn(publicURLWarnings(mc, set)...)
	}
	var filesErr error
	if setErr == nil {
		c.warn(stateDirWarnings(set.StateDir)...)
		filesErr = c.readFiles()
		c.warn(recordWarnings(set.Records, c.Records)...)
	}
	if masterErr == nil && setErr == nil {
		c.warn(tokenWarnings(mc, set.Tokens)...)
		errs = append(errs, c.check())
	}
	return c, errors.Join(append(errs, filesErr)...)
}

func loadSettings(file string) (*settings.Settings, error) {
	if file != "" {
		return settings.Load(file)
	}
	set, err := settings.Load(DefaultSettings)
	if errors.Is(err, fs.ErrNotExist) {
		return settings.Default(), nil
	}
	return set, err
}

// readFiles reads the files that the settings name.
func (c *Config) readFiles() error {
	var tokensErr, sendersErr, recordsErr, callbacksErr error
	c.Tokens, tokensErr = readTokenFiles(c.Settings.Tokens)
	c.Senders, sendersErr = reminderSenders(c.Settings.Tokens.Reminders)
	c.Records, recordsErr = readRecordFiles(c.Settings.Records)
	c.Callbacks, callbacksErr = readCallbacks(c.Settings.Callbacks)
	return errors.Join(tokensErr, sendersErr, recordsErr, callbacksErr)
}

// check checks both files together.
func (c *Config) check() error {
	var mainErr error
	c.Main, mainErr = mainOptions(c.Master.RestCherryPy, c.Settings)
	_, eventsErr := c.EventsACL()
	if eventsErr != nil {
		eventsErr = fmt.Errorf("events_acl: %w", eventsErr)
	}
	return errors.Join(mainErr, eventsErr, checkEventBus(c.Master),
		checkDeciding(c.Master, c.Settings.Auth.Deciding), checkResults(c.Master, c.Settings.Results), checkCallbacks(c.Settings))
}

func (c *Config) warn(all ...string) { c.warnings = append(c.warnings, all...) }

// Warnings returns the problems with which the gateway still starts.
func (c *Config) Warnings() []string { return c.warnings }

// LogLevel returns the level of the log.
func (c *Config) LogLevel() slog.Level { return c.Settings.Log.Level }

// EventsACL returns the rules for readers of events; nil shows every event to
// every caller.
func (c *Config) EventsACL() (*eventstream.ACL, error) {
	if len(c.Settings.EventsACL) == 0 {
		return nil, nil //nolint:nilnil // without rules there is no limit, as in salt-api
	}
	rules := make([]eventstream.Rule, len(c.Settings.EventsACL))
	for i, r := range c.Settings.EventsACL {
		rules[i] = eventstream.Rule{Users: r.Users, Groups: r.Groups, Eauth: r.Eauth, Tags: r.Tags}
	}
	return eventstream.NewACL(rules)
}
