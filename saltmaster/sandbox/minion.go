package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// AddMinion starts one more minion and returns when it has answered test.ping.
// RemoveMinion, or Stop, ends it.
func (s *Sandbox) AddMinion(ctx context.Context, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.master == nil {
		return errNoMaster
	}
	if err := s.writeMinion(id); err != nil {
		return err
	}
	if err := s.startMinion(id); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, readyLimit)
	defer cancel()
	if err := s.probe(ctx, []string{id}); err != nil {
		return fmt.Errorf("wait for minion %s: %w", id, err)
	}
	return nil
}

// RemoveMinion ends a minion, and has the master forget that there was one.
func (s *Sandbox) RemoveMinion(ctx context.Context, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := slices.IndexFunc(s.minions, func(p *process) bool { return p.name == minionName(id) })
	if at < 0 {
		return fmt.Errorf("sandbox: there is no minion %s", id)
	}
	err := stopAll(ctx, stopGrace, s.minions[at])
	s.minions = slices.Delete(s.minions, at, at+1)
	return errors.Join(err, os.Remove(s.path("pki", "minions", id)),
		os.RemoveAll(filepath.Join(s.CacheDir(), "minions", id)), os.RemoveAll(s.path("minions", id)))
}

func minionName(id string) string { return "minion-" + id }

func (s *Sandbox) startMinion(id string) error {
	m, err := s.spawn(minionName(id), "salt-minion", "--disable-keepalive", "-c", s.path("minions", id))
	if err != nil {
		return err
	}
	s.minions = append(s.minions, m)
	return nil
}
