package saltssh

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"
)

// hostsKept is how long the list of hosts is cached. One check of the rules
// needs it several times, and salt-ssh takes a second to list them.
const hostsKept = 2 * time.Second

// hostsTimeout bounds a run that lists the hosts.
const hostsTimeout = 30 * time.Second

// ErrOtherRoster means that the hosts cannot be listed: the master's roster is
// not a file, and salt-ssh lists only those of a file.
var ErrOtherRoster = errors.New("the hosts of this roster cannot be listed")

// roster caches the hosts.
type roster struct {
	mu  sync.Mutex
	ids []string
	at  time.Time
}

// Hosts returns the ids in the master's own roster, sorted. It runs salt-ssh,
// which renders the roster; the result is cached for two seconds.
func (p *Program) Hosts() ([]string, error) {
	if p.opts.Roster != "" && p.opts.Roster != "flat" {
		return nil, ErrOtherRoster
	}
	p.roster.mu.Lock()
	defer p.roster.mu.Unlock()
	if !p.roster.at.IsZero() && time.Since(p.roster.at) < hostsKept {
		return p.roster.ids, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), hostsTimeout)
	defer cancel()
	var files map[string]map[string]any // roster file, id, host name
	out, err := p.run(ctx, []string{"--hosts"}, map[string]any{})
	if err != nil {
		return nil, fmt.Errorf("list the hosts: %w", err)
	}
	defer out.Close()
	if err := json.NewDecoder(io.NewSectionReader(out.File, 0, out.Size)).Decode(&files); err != nil {
		return nil, fmt.Errorf("list the hosts: %w", err)
	}
	ids := []string{}
	for _, hosts := range files {
		for id := range hosts {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	p.roster.ids, p.roster.at = slices.Compact(ids), time.Now()
	return p.roster.ids, nil
}
