package config

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/saltern-api/saltern/internal/pyglob"
	"github.com/saltern-api/saltern/internal/settings"
	"github.com/saltern-api/saltern/internal/signedpost"
	"github.com/saltern-api/saltern/records/callback"
)

// Callbacks are the destinations of call-backs in the settings, with the content
// of their files.
type Callbacks struct {
	Destinations []callback.Destination
	Timeout      time.Duration // the longest of one attempt
}

// readTimeout is how long the results for an attempt may take to be read.
const readTimeout = 15 * time.Second

// readCallbacks reads the files of all destinations. The error joins every problem,
// and has nothing of their content.
func readCallbacks(all []settings.Callback) (c Callbacks, err error) {
	var problems []error
	for i, set := range all {
		d, err := destination(set)
		if err != nil {
			problems = append(problems, fmt.Errorf("callbacks[%d].%w", i, err))
			continue
		}
		c.Destinations = append(c.Destinations, d)
		timeout := set.Timeout
		if timeout == 0 {
			timeout = signedpost.DefaultTimeout
		}
		c.Timeout = max(c.Timeout, timeout+readTimeout)
	}
	return c, errors.Join(problems...)
}

func destination(set settings.Callback) (d callback.Destination, err error) {
	o := signedpost.Options{URL: set.URL, Timeout: set.Timeout}
	secret, err := secretFile(set.SecretFile)
	if err != nil {
		return d, fmt.Errorf("secret_file: %w", err)
	}
	o.Secret = []byte(secret)
	if o.Roots, err = optionalPool(set.CA); err != nil {
		return d, err
	}
	p, err := signedpost.New(o)
	if err != nil {
		return d, err
	}
	return callback.Destination{Name: set.Name, Post: p, Results: set.Results, May: mayName(set)}, nil
}

// mayName returns who may name a destination; nil for everybody. The patterns are
// those of events_acl.
func mayName(set settings.Callback) func(callback.Caller) bool {
	if len(set.Users) == 0 && len(set.Groups) == 0 && len(set.Eauth) == 0 {
		return nil
	}
	users, groups := compileAll(set.Users), compileAll(set.Groups)
	return func(c callback.Caller) bool {
		if len(set.Eauth) > 0 && !slices.Contains(set.Eauth, c.Eauth) {
			return false
		}
		return len(users) == 0 && len(groups) == 0 || matchesAny(users, c.User) ||
			slices.ContainsFunc(c.Groups, func(g string) bool { return matchesAny(groups, g) })
	}
}

func compileAll(patterns []string) []pyglob.Glob {
	all := make([]pyglob.Glob, len(patterns))
	for i, p := range patterns {
		all[i] = pyglob.Compile(p)
	}
	return all
}

func matchesAny(all []pyglob.Glob, text string) bool {
	return slices.ContainsFunc(all, func(g pyglob.Glob) bool { return g.Match(text) })
}

// checkCallbacks returns an error if there are destinations, and nothing by which
// the end of a job could be known.
func checkCallbacks(s *settings.Settings) error {
	switch {
	case len(s.Callbacks) == 0:
		return nil
	case s.Records.Store == settings.RecordsOff:
		return errors.New("callbacks need records, which records.store: off turns off")
	}
	return nil
}

// callbackNotes describes the destinations. Of a URL it has the host alone: the
// rest may be secret.
func callbackNotes(all []settings.Callback) (lines []string) {
	for _, c := range all {
		host := "?"
		if u, err := url.Parse(c.URL); err == nil {
			host = u.Scheme + "://" + u.Host
		}
		what, who := "without results", "every caller"
		if c.Results {
			what = "with results"
		}
		if len(c.Users)+len(c.Groups)+len(c.Eauth) > 0 {
			who = "some callers"
		}
		lines = append(lines, fmt.Sprintf("callback %s: ended jobs are posted to %s, %s, for %s", c.Name, host, what, who))
	}
	return lines
}
