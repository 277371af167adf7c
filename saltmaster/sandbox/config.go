package sandbox

import (
	"crypto/rand"
	_ "embed"
	"fmt"
	"maps"
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v3"

	"github.com/saltern-api/saltern/internal/freeport"
)

// maxDir is the longest state folder: Salt's longest socket below it takes some
// 40 bytes more, and the kernel allows 107.
const maxDir = 60

// Users of the sharedsecret eauth, with Secret as their password, and of the
// pam eauth, if its service lets them in.
const (
	UserAll      = "bench"   // sharedsecret: may do everything
	UserTestOnly = "saltro"  // both: may call test.* on minions and nothing else
	UserPAM      = "saltdev" // pam: may do everything
)

func everything() []string { return []string{".*", "@runner", "@wheel", "@jobs"} }

// slowModules are execution modules that start programs, or load hundreds of other
// modules, each time they are loaded, to find out whether they can be used.
func slowModules() []string { return []string{"npm", "idem"} }

// launcher runs Salt's programs unless Options.AsInstalled is set.
//
//go:embed launcher.py
var launcher []byte

func (s *Sandbox) launcher() string { return s.path("run", "launcher.py") }

func randomText() string { return rand.Text() }

func (s *Sandbox) makeDir() error {
	if s.opts.Dir == "" {
		dir, err := os.MkdirTemp("", "salt")
		if err != nil {
			return fmt.Errorf("sandbox folder: %w", err)
		}
		s.dir, s.ownDir = dir, true
	} else {
		dir, err := filepath.Abs(s.opts.Dir)
		if err != nil {
			return fmt.Errorf("sandbox folder: %w", err)
		}
		s.dir = dir
	}
	s.mark = "SALTERN_SANDBOX=" + s.dir + "#" + randomText()
	if len(s.dir) > maxDir {
		return fmt.Errorf("sandbox folder %s is longer than %d bytes, too long for Unix sockets below it", s.dir, maxDir)
	}
	for _, d := range []string{"conf", "log", "sock", "cache", "run", "pki", "pki/minions", "minions", "srv"} {
		if err := os.MkdirAll(s.path(d), 0o700); err != nil {
			return fmt.Errorf("sandbox folder: %w", err)
		}
	}
	return nil
}

// writeAll writes every configuration file, the PAM launcher and the keys.
func (s *Sandbox) writeAll() error {
	if err := s.writePAMPython(); err != nil {
		return err
	}
	if err := os.WriteFile(s.launcher(), launcher, 0o600); err != nil {
		return fmt.Errorf("write launcher: %w", err)
	}
	master := s.masterConfig()
	if err := writeYAML(s.path("conf", "master"), master); err != nil {
		return err
	}
	if s.opts.SyndicOf != nil {
		if err := s.writeSyndic(master); err != nil {
			return err
		}
	}
	if s.opts.SaltAPI {
		section := map[string]any{"host": "127.0.0.1", "port": s.ports.api, "disable_ssl": true}
		merge(section, s.opts.CherryPy)
		if _, err := s.ConfWith("api", map[string]any{"rest_cherrypy": section, "rest_wsgi": nil}); err != nil {
			return err
		}
		// Salt-api makes this folder with its first request: of several at once, some may fail.
		if err := os.MkdirAll(filepath.Join(s.CacheDir(), "saltapi"), 0o700); err != nil {
			return fmt.Errorf("sandbox folder: %w", err)
		}
	}
	for _, id := range s.opts.Minions {
		if err := s.writeMinion(id); err != nil {
			return err
		}
	}
	return nil
}

// ConfWith writes the master's configuration once more, into the folder name of
// the sandbox, with changes merged in as Options.MasterConfig is. The master
// itself does not read it: it gives a second gateway on the same master
// listeners or settings of its own. It returns the folder.
func (s *Sandbox) ConfWith(name string, changes map[string]any) (string, error) {
	if name != filepath.Base(name) {
		return "", fmt.Errorf("%q is not the name of a folder", name)
	}
	conf := s.masterConfig()
	merge(conf, changes)
	dir := s.path(name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("write configuration: %w", err)
	}
	if err := writeYAML(filepath.Join(dir, "master"), conf); err != nil {
		return "", err
	}
	return dir, s.account.own(dir)
}

func (s *Sandbox) masterConfig() map[string]any {
	conf := map[string]any{
		"user":         s.account.name,
		"interface":    "127.0.0.1",
		"publish_port": s.ports.publish,
		"ret_port":     s.ports.ret,

		"tcp_master_pub_port":     s.ports.busPub,
		"tcp_master_pull_port":    s.ports.busPull,
		"tcp_master_publish_pull": s.ports.publishPull,
		"tcp_master_workers":      s.ports.workers,

		"root_dir":     s.dir,
		"pki_dir":      s.path("pki"),
		"cachedir":     s.CacheDir(),
		"sock_dir":     s.SockDir(),
		"pidfile":      s.path("run", "master.pid"),
		"log_file":     s.MasterLog(),
		"api_pidfile":  s.path("run", "api.pid"),
		"api_logfile":  s.path("log", "api"),
		"file_roots":   map[string]any{"base": []string{s.FileRoot()}},
		"pillar_roots": map[string]any{"base": []string{s.path("srv", "pillar")}},
		"auto_accept":  true,

		"fileserver_list_cache_time": 0, // a new state is found at once

		// Each worker of the master collects grains of its own when it starts, which takes longer than all else it does then.
		"grains_cache":           true,
		"enable_fqdns_grains":    false,
		"enable_gpu_grains":      false,
		"metadata_server_grains": false,

		"disable_modules": slowModules(),

		// Within a minute after a key was deleted the master takes another secret for what it publishes,
		// and of two commands published at once after that minions refuse one.
		"rotate_aes_key": false,

		"id": "sandbox", // or each runner looks for the machine's addresses, to make one up

		"sharedsecret":    s.secret,
		"auth.pam.python": s.pamPython(),
		"token_expire":    43200,
		"external_auth": map[string]any{
			"sharedsecret": map[string]any{UserAll: everything(), UserTestOnly: []string{"test.*"}},
			"pam":          map[string]any{UserPAM: everything(), UserTestOnly: []string{"test.*"}},
		},
		"netapi_enable_clients": []string{
			"local", "local_async", "local_batch", "local_subset",
			"runner", "runner_async", "wheel", "wheel_async",
		},
	}
	if above := s.opts.SyndicOf; above != nil {
		maps.Copy(conf, above.syndicOptions(s))
	}
	if s.opts.WorkerThreads > 0 {
		conf["worker_threads"] = s.opts.WorkerThreads
	}
	merge(conf, s.opts.MasterConfig)
	return conf
}

// lightMinion is what makes a minion light and quick: a test machine runs many.
func lightMinion() map[string]any {
	return map[string]any{
		"multiprocessing":              false,
		"mine_enabled":                 false,
		"grains_cache":                 true,
		"enable_fqdns_grains":          false,
		"enable_gpu_grains":            false,
		"metadata_server_grains":       false,
		"enable_legacy_startup_events": false,
		"disable_modules":              slowModules(),
		"random_reauth_delay":          1,
		"recon_default":                100,
		"recon_max":                    500,
		"acceptance_wait_time":         1,
		"return_retry_timer":           1,
		"return_retry_timer_max":       2,
	}
}

// writeMinion writes a minion's configuration.
func (s *Sandbox) writeMinion(id string) error {
	if id == "" || id != filepath.Base(id) {
		return fmt.Errorf("%q is not a minion id", id)
	}
	root := s.path("minions", id)
	conf := map[string]any{
		"user":         s.account.name,
		"id":           id,
		"root_dir":     root,
		"pki_dir":      filepath.Join(root, "pki"),
		"cachedir":     filepath.Join(root, "cache"),
		"sock_dir":     filepath.Join(root, "sock"),
		"pidfile":      filepath.Join(root, "minion.pid"),
		"log_file":     s.path("log", "minion-"+id),
		"master":       "127.0.0.1",
		"master_port":  s.ports.ret,
		"publish_port": s.ports.publish,
	}
	merge(conf, lightMinion())
	merge(conf, s.opts.MinionConfig)
	if err := os.MkdirAll(filepath.Join(root, "pki"), 0o700); err != nil {
		return fmt.Errorf("minion %s: %w", id, err)
	}
	if err := writeYAML(filepath.Join(root, "minion"), conf); err != nil {
		return err
	}
	return s.account.own(root)
}

// merge puts changes over conf by key; a nil value removes the key.
func merge(conf, changes map[string]any) {
	maps.Copy(conf, changes)
	maps.DeleteFunc(conf, func(_ string, v any) bool { return v == nil })
}

func writeYAML(path string, v any) error {
	text, err := yaml.Marshal(v)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// ports are the TCP ports of one sandbox, all on 127.0.0.1.
type ports struct {
	publish, ret, api int

	// These four are taken only when ipc_mode is tcp.
	busPub, busPull, publishPull, workers int
}

func freePorts() (ports, error) {
	var p ports
	for _, port := range []*int{&p.publish, &p.ret, &p.api, &p.busPub, &p.busPull, &p.publishPull, &p.workers} {
		var err error
		if *port, err = freeport.Find(); err != nil {
			return ports{}, err
		}
	}
	return p, nil
}
