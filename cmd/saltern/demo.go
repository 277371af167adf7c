package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/saltern-api/saltern/internal/gateway/config"
	"github.com/saltern-api/saltern/internal/pause"
	"github.com/saltern-api/saltern/saltmaster/sandbox"
)

// The demo's one user, in a private PAM service folder only.
const (
	demoUser    = "saltdev"
	demoService = "saltern-demo"
	demoPort    = 8000
)

var demoMinions = []string{"ms-0", "ms-1", "ms-2", "ms-3"}

// demo starts a private master with minions and a gateway before it, shows
// three calls, and leaves all of them running until it is stopped.
func demo(ctx context.Context, args []string, std stdio) error {
	f := flags("demo")
	salt := f.String("salt", "", "")
	detach := f.Bool("detach", false, "")
	stop := f.Bool("stop", false, "")
	if err := parse(f, args); err != nil {
		return err
	}
	switch {
	case *stop:
		return stopDemo(ctx, std)
	case *salt == "":
		return fmt.Errorf("%w of demo: --salt names the folder of a virtual environment with Salt in it", errUsage)
	case *detach:
		return detachDemo(ctx, *salt, std)
	}
	return runDemo(ctx, *salt, std)
}

func runDemo(ctx context.Context, salt string, std stdio) (err error) {
	dir, err := makeDemoDir()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	d := &demonstration{dir: dir, out: std.out}
	if err := d.preparePAM(); err != nil {
		return err
	}
	sb, err := sandbox.Start(ctx, sandbox.Options{
		Salt: salt, Minions: demoMinions, Log: std.out, AsInstalled: true,
		MasterConfig: map[string]any{"auth.pam.service": demoService},
	})
	if err != nil {
		return interrupted(ctx, err)
	}
	defer func() {
		fmt.Fprintln(std.out, "\nStopping the demo: the gateway, the minions and the master.")
		err = errors.Join(err, sb.Stop(context.WithoutCancel(ctx)))
	}()
	return d.serve(ctx, sb)
}

// interrupted returns nil for an error that Ctrl-C caused.
func interrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// demonstration is one run of the demo.
type demonstration struct {
	dir string // for everything but Salt's own files
	out io.Writer
	url string
}

func (d *demonstration) path(name string) string { return filepath.Join(d.dir, name) }

func (d *demonstration) say(format string, args ...any) { fmt.Fprintf(d.out, format+"\n", args...) }

func (d *demonstration) preparePAM() error {
	if err := os.Mkdir(d.path("pam.d"), 0o700); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	return sandbox.WritePAMService(d.path("pam.d"), demoService, map[string]string{demoUser: demoUser})
}

// serve runs the gateway in this process, with its log in a file.
func (d *demonstration) serve(ctx context.Context, sb *sandbox.Sandbox) error {
	logFile, err := os.Create(d.path("saltern.log"))
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	defer logFile.Close() //nolint:errcheck // a log
	c, err := d.configure(sb)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- answer(ctx, c, newLog(logFile, slog.LevelInfo)) }()
	err = d.show(ctx, ended)
	cancel()
	if err == nil {
		err = <-ended
	}
	return err
}

func (d *demonstration) configure(sb *sandbox.Sandbox) (*config.Config, error) {
	port, err := demoListen()
	if err != nil {
		return nil, err
	}
	conf, err := sb.ConfWith("saltern", map[string]any{
		"auth.pam.service": demoService,
		"rest_cherrypy":    map[string]any{"port": port, "host": "127.0.0.1"},
	})
	if err != nil {
		return nil, err
	}
	set := fmt.Sprintf("state_dir: %s\nadmin:\n  listen: 'off'\npam:\n  conf_dir: %s\n", d.path("state"), d.path("pam.d"))
	if err := os.WriteFile(d.path("saltern.yaml"), []byte(set), 0o600); err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	d.url = fmt.Sprintf("https://localhost:%d", port)
	return load(config.Files{MasterDir: conf, Settings: d.path("saltern.yaml")})
}

// demoListen returns the demo's port, or a free one if that is taken.
func demoListen() (int, error) {
	for _, port := range []int{demoPort, 0} {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			defer l.Close() //nolint:errcheck // it was only to find out
			return l.Addr().(*net.TCPAddr).Port, nil
		}
	}
	return 0, errors.New("demo: no free port")
}

// show makes the three calls of rest_wsgi's documentation, then waits.
func (d *demonstration) show(ctx context.Context, ended <-chan error) error {
	if err := d.await(ctx, ended); err != nil {
		return interrupted(ctx, err)
	}
	d.say("Saltern answers on %s (TLS, self-signed; its log is %s)", d.url, d.path("saltern.log"))
	if _, err := d.call(ctx, `"client":"local","tgt":"*","fun":"test.ping"`); err != nil {
		return interrupted(ctx, err)
	}
	said, err := d.call(ctx, `"client":"local_async","tgt":"*","fun":"test.ping"`)
	if err != nil {
		return interrupted(ctx, err)
	}
	if err := pause.For(ctx, 2*time.Second); err != nil { // the job's returns
		return nil
	}
	_, jid, _ := strings.Cut(said, `"jid": "`)
	jid, _, _ = strings.Cut(jid, `"`)
	if _, err = d.call(ctx, `"client":"runner","fun":"jobs.lookup_jid","jid":"`+jid+`"`); err != nil {
		return interrupted(ctx, err)
	}
	d.say(demoReady, d.commandLine(`"client":"local","tgt":"ms-1","fun":"grains.item","arg":["os"]`), d.url)
	select {
	case <-ctx.Done():
		return nil
	case err := <-ended:
		return err
	}
}

const demoReady = `
Try more, with user and password ` + demoUser + `:

    %s

The demo is ready at %s`

// await waits until the gateway accepts connections.
func (d *demonstration) await(ctx context.Context, ended <-chan error) error {
	address := strings.TrimPrefix(d.url, "https://")
	for {
		if conn, err := net.Dial("tcp", address); err == nil {
			return conn.Close()
		}
		select {
		case err := <-ended:
			return fmt.Errorf("the gateway ended: %w", err)
		default:
		}
		if err := pause.For(ctx, 50*time.Millisecond); err != nil {
			return err
		}
	}
}

// curl returns the command line of a call.
func (d *demonstration) curl(chunk string) []string {
	return []string{
		"curl", "-sS", "-i", "--cacert", d.path("state/self-signed.crt"),
		"-H", "Content-Type: application/json",
		"-d", `[{"eauth":"pam","username":"` + demoUser + `","password":"` + demoUser + `",` + chunk + `}]`,
		d.url,
	}
}

func (d *demonstration) commandLine(chunk string) string {
	words := d.curl(chunk)
	for i, w := range words {
		if strings.ContainsAny(w, ` "{`) {
			words[i] = "'" + w + "'"
		}
	}
	return strings.Join(words, " ")
}

// call runs curl and prints the response.
func (d *demonstration) call(ctx context.Context, chunk string) (string, error) {
	d.say("\n%% %s", d.commandLine(chunk))
	words := d.curl(chunk)
	out, err := exec.CommandContext(ctx, words[0], words[1:]...).CombinedOutput() //nolint:gosec // our own words
	// The line ends of HTTP's headers would be printed as escapes.
	out = bytes.ReplaceAll(out, []byte("\r\n"), []byte("\n"))
	d.say("%s", out)
	if err != nil {
		return "", fmt.Errorf("curl: %w", err)
	}
	if !strings.Contains(string(out), " 200") {
		return "", errors.New("the gateway did not answer 200")
	}
	return string(out), nil
}
