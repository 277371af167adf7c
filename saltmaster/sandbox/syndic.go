package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
)

// syndicOptions are the options of a master below s for its syndic.
func (s *Sandbox) syndicOptions(below *Sandbox) map[string]any {
	return map[string]any{
		"id":                 "below",
		"syndic_master":      "127.0.0.1",
		"syndic_master_port": s.ports.ret,
		"syndic_log_file":    below.path("log", "syndic"),
		"syndic_pidfile":     below.path("run", "syndic.pid"),
	}
}

// writeSyndic writes the file that a syndic reads beside its master's: it is a
// minion of the master above.
func (s *Sandbox) writeSyndic(master map[string]any) error {
	conf := map[string]any{
		"user":     master["user"],
		"id":       master["id"],
		"root_dir": s.dir,
		"pki_dir":  s.path("syndic", "pki"),
		"cachedir": s.path("syndic", "cache"),
		"sock_dir": s.path("syndic", "sock"),

		// A syndic takes its own master's, where none is given.
		"publish_port": s.opts.SyndicOf.ports.publish,
	}
	merge(conf, lightMinion())
	// A syndic of 3008 whose return has timed out once sends no more of them.
	delete(conf, "return_retry_timer")
	delete(conf, "return_retry_timer_max")
	if err := os.MkdirAll(s.path("syndic", "pki"), 0o700); err != nil {
		return fmt.Errorf("syndic: %w", err)
	}
	return writeYAML(s.path("conf", "minion"), conf)
}

// startSyndic starts the syndic and returns when the master above has returns of
// all minions of s.
func (s *Sandbox) startSyndic(ctx context.Context) (err error) {
	if s.syndic, err = s.spawn("syndic", "salt-syndic", "-c", s.ConfDir()); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, readyLimit)
	defer cancel()
	above := s.opts.SyndicOf
	above.mu.Lock()
	defer above.mu.Unlock()
	if above.master == nil {
		return errNoMaster
	}
	if err := above.probe(ctx, s.opts.Minions); err != nil {
		return errors.Join(fmt.Errorf("wait for the syndic: %w", err), errors.New("the syndic"+s.syndic.tail()))
	}
	return nil
}
