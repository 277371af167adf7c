package env

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"github.com/saltern-api/saltern/internal/freeport"
	"github.com/saltern-api/saltern/saltmaster/sandbox"
)

// Users of the PAM service, whose passwords are their names. All but Stranger
// are in external_auth, see package sandbox.
const (
	User     = sandbox.UserPAM      // may do everything
	ReadOnly = sandbox.UserTestOnly // may call test.* on minions
	Stranger = "stranger"           // may log in, and do nothing
)

// PAMService is the service that knows these users.
const PAMService = "saltern-env"

// Options of a [Env].
type Options struct {
	Saltern  string          // the built program
	Sandbox  sandbox.Options // the master before which it stands; CherryPy is the gateway's section too
	Settings string          // more of saltern.yaml

	// User is the user of the gateway, which owns its files; it takes root. Empty means
	// that of this process.
	User string
}

// Env is a running master with a gateway before it.
type Env struct {
	*sandbox.Sandbox

	WSGI  string // base URL of the rest_wsgi listener, plain HTTP
	Main  string // base URL of the rest_cherrypy listener, TLS with a self-signed pair unless disable_ssl
	Admin string // base URL of metrics and health

	opts     Options
	dir      string // of the gateway
	pam      string // PAMDir
	pamSlots int    // of the gateway, if not 0
	shared   bool   // whether the master is that of another env
	kept     kept
	gateway
}

// Start starts the master, its minions and the gateway.
func Start(ctx context.Context, o Options) (_ *Env, err error) {
	r := &Env{opts: o}
	if r.dir, err = os.MkdirTemp("", "env"); err != nil {
		return nil, fmt.Errorf("env: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.Stop(context.WithoutCancel(ctx)))
		}
	}()
	r.pam = r.path("pam.d")
	if err := os.Mkdir(r.PAMDir(), 0o700); err != nil {
		return nil, fmt.Errorf("env: %w", err)
	}
	if err := r.WritePAM(nil); err != nil {
		return nil, err
	}
	box := o.Sandbox
	box.PAMServiceDir = r.PAMDir()
	box.MasterConfig = map[string]any{"auth.pam.service": PAMService}
	maps.Copy(box.MasterConfig, o.Sandbox.MasterConfig)
	if r.Sandbox, err = sandbox.Start(ctx, box); err != nil {
		return nil, err
	}
	if err := r.configure(); err != nil {
		return nil, err
	}
	return r, r.StartGateway(ctx)
}

// setUser gives the gateway its user, and a copy of the program that this user can reach.
func (r *Env) setUser() (err error) {
	if r.opts.User == "" {
		return nil
	}
	if r.as, err = sandbox.Credential(r.opts.User); err != nil {
		return err
	}
	program, err := os.ReadFile(r.opts.Saltern)
	if err != nil {
		return fmt.Errorf("env: %w", err)
	}
	r.opts.Saltern = r.path("saltern")
	if err := os.WriteFile(r.opts.Saltern, program, 0o700); err != nil {
		return fmt.Errorf("env: %w", err)
	}
	return filepath.WalkDir(r.dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("env: %w", err)
		}
		return os.Lchown(path, int(r.as.Uid), int(r.as.Gid))
	})
}

// Served returns the Env of a gateway that the caller runs itself, with its
// state in dir/state and its log in dir/saltern.log. It can be sent requests;
// it has no sandbox and no process, and must not be used for what needs these.
func Served(dir, wsgi, main, admin string) *Env {
	return &Env{dir: dir, WSGI: wsgi, Main: main, Admin: admin}
}

// Stop ends the gateway and its master, and removes their folders.
func (r *Env) Stop(ctx context.Context) error {
	err := r.StopGateway(ctx)
	if r.Sandbox != nil && !r.shared {
		err = errors.Join(err, r.Sandbox.Stop(ctx))
	}
	return errors.Join(err, os.RemoveAll(r.dir))
}

func (r *Env) path(name string) string { return filepath.Join(r.dir, name) }

// PAMDir is the folder with the file of PAMService, which is read anew for
// each login.
func (r *Env) PAMDir() string { return r.pam }

// WritePAM writes the PAM service as Start does, with other passwords for the
// users that are named.
func (r *Env) WritePAM(passwords map[string]string) error {
	users := map[string]string{User: User, ReadOnly: ReadOnly, Stranger: Stranger}
	maps.Copy(users, passwords)
	return sandbox.WritePAMService(r.PAMDir(), PAMService, users)
}

func (r *Env) configure() error {
	ports, err := freePorts(3)
	if err != nil {
		return err
	}
	r.WSGI = fmt.Sprintf("http://localhost:%d", ports[0])
	r.Main = fmt.Sprintf("https://127.0.0.1:%d", ports[1])
	r.Admin = fmt.Sprintf("http://127.0.0.1:%d", ports[2])
	conf := map[string]any{"auth.pam.service": PAMService}
	maps.Copy(conf, r.opts.Sandbox.MasterConfig)
	conf["rest_wsgi"] = map[string]any{"port": ports[0]}
	cherrypy := map[string]any{"port": ports[1], "host": "127.0.0.1"}
	maps.Copy(cherrypy, r.opts.Sandbox.CherryPy)
	conf["rest_cherrypy"] = cherrypy
	if cherrypy["disable_ssl"] == true {
		r.Main = strings.Replace(r.Main, "https:", "http:", 1)
	}
	if r.conf, err = r.ConfWith("saltern-"+filepath.Base(r.dir), conf); err != nil {
		return err
	}
	r.settings = r.path("saltern.yaml")
	slots := ""
	if r.pamSlots > 0 {
		slots = fmt.Sprintf("  unproven_slots: %d\n", r.pamSlots)
	}
	set := fmt.Sprintf("state_dir: %s\nadmin:\n  listen: '%s'\npam:\n  conf_dir: %s\n%s%s",
		r.path("state"), strings.TrimPrefix(r.Admin, "http://"), r.PAMDir(), slots, r.opts.Settings)
	if err := os.WriteFile(r.settings, []byte(set), 0o600); err != nil {
		return fmt.Errorf("env: %w", err)
	}
	return r.setUser()
}

// StateDir is the gateway's state_dir.
func (r *Env) StateDir() string { return r.path("state") }

// Certificate is the file with the gateway's self-signed certificate.
func (r *Env) Certificate() string { return r.path("state/self-signed.crt") }

// freePorts returns so many ports on which nothing listens.
func freePorts(n int) (ports []int, err error) {
	for range n {
		port, err := freeport.Find()
		if err != nil {
			return nil, err
		}
		ports = append(ports, port)
	}
	return ports, nil
}
