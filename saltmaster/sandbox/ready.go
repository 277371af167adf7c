package sandbox

import (
	"bufio"
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// readyLimit bounds every wait for Salt; a quiet two-core machine needs a tenth.
const readyLimit = 3 * time.Minute

// probeScript sends the master a request over its channel, with the libraries that
// the virtual environment has anyway.
//
//go:embed probe.py
var probeScript string

// awaitReady returns once the master, all minions and salt-api answer. It gives
// up as soon as one of them has ended, or with ctx.
func (s *Sandbox) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, readyLimit,
		fmt.Errorf("no answer within %v", readyLimit))
	defer cancel()
	ctx, fail := context.WithCancelCause(ctx)

	var watchers sync.WaitGroup
	defer watchers.Wait()
	defer fail(nil)
	for _, p := range append([]*process{s.master, s.api}, s.minions...) {
		if p == nil {
			continue
		}
		watchers.Go(func() {
			select {
			case <-p.done:
				fail(fmt.Errorf("%s has ended%s", p.name, p.tail()))
			case <-ctx.Done():
			}
		})
	}

	err := s.probe(ctx, s.opts.Minions)
	if err == nil && s.api != nil {
		err = s.awaitAPI(ctx)
	}
	if cause := context.Cause(ctx); cause != nil {
		err = fmt.Errorf("%w (%w)", cause, err)
	}
	if err != nil {
		return fmt.Errorf("wait for Salt: %w", err)
	}
	return nil
}

// probe runs probeScript and logs what it reports.
func (s *Sandbox) probe(ctx context.Context, minions []string) error {
	conf := s.masterConfig()
	bus := filepath.Join(s.SockDir(), "master_event_pub.ipc")
	if conf["ipc_mode"] == "tcp" {
		bus = strconv.Itoa(s.ports.busPub)
	}
	transport, certfile := "zeromq", ""
	if text, ok := conf["transport"].(string); ok {
		transport = text
	}
	if ssl, ok := conf["ssl"].(map[string]any); ok {
		certfile = fmt.Sprint(ssl["certfile"])
	}
	me := fmt.Sprint(conf["user"])
	args := append([]string{
		"-c", probeScript, transport, certfile, fmt.Sprint(conf["interface"]),
		strconv.Itoa(s.ports.ret), s.SockDir(), bus, filepath.Join(s.CacheDir(), "."+me+"_key"), me,
	}, minions...)
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, filepath.Join(s.salt, "bin", "python"), args...)
	cmd.Env = s.environ()
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("probe: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("probe: %w", err)
	}
	silent := map[string]bool{"master": true}
	for _, id := range minions {
		silent["minion "+id] = true
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		s.logf("  %s answers", lines.Text())
		delete(silent, lines.Text())
	}
	if err := cmd.Wait(); err != nil {
		said := []string{s.master.tail()}
		for _, m := range s.minions {
			if silent["minion "+strings.TrimPrefix(m.name, minionName(""))] {
				said = append(said, m.tail())
			}
		}
		return fmt.Errorf("still silent: %s: %w%s%s", strings.Join(slices.Sorted(maps.Keys(silent)), ", "),
			err, lastLines(stderr.Bytes()), strings.Join(said, ""))
	}
	return nil
}

// awaitAPI waits for salt-api's welcome.
func (s *Sandbox) awaitAPI(ctx context.Context) error {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	url := s.SaltAPIURL() + "/"
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return fmt.Errorf("salt-api: %w", err)
		}
		if res, err := client.Do(req); err == nil {
			_ = res.Body.Close()
			if res.StatusCode != http.StatusOK {
				return fmt.Errorf("salt-api answers %s", res.Status)
			}
			s.logf("  salt-api answers on %s", url)
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.New("salt-api does not answer" + s.api.tail())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// tail is the end of what the program printed, to go into an error.
func (p *process) tail() string {
	text, err := os.ReadFile(p.log)
	if err != nil || len(bytes.TrimSpace(text)) == 0 {
		return ""
	}
	return "; " + p.name + " said:\n" + lastLines(text)
}

func lastLines(text []byte) string {
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-15):], "\n")
}
