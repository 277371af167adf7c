package env

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"
)

// gateway is the process of saltern.
type gateway struct {
	conf     string // -c
	settings string // --config
	cmd      *exec.Cmd
	ended    chan struct{}
	endErr   error               // of the process, once ended is closed
	as       *syscall.Credential // its user; nil is that of this process
}

// LogFile is where the gateway's log goes.
func (r *Env) LogFile() string { return r.path("saltern.log") }

// GatewayConf is the folder with the master's configuration as the gateway sees
// it. The gateway reads it when it starts.
func (r *Env) GatewayConf() string { return r.conf }

// StartGateway starts saltern and waits until it says that it is ready.
func (r *Env) StartGateway(ctx context.Context) error {
	log, err := os.OpenFile(r.LogFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("env: %w", err)
	}
	defer log.Close() //nolint:errcheck // the process has its own
	cmd := exec.Command(r.opts.Saltern, "serve", "-c", r.conf, "--config", r.settings)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL, Credential: r.as}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start saltern: %w", err)
	}
	r.cmd, r.ended = cmd, make(chan struct{})
	r.kept.drop()
	go func(ended chan struct{}) {
		r.endErr = cmd.Wait()
		close(ended)
	}(r.ended)
	return r.AwaitReady(ctx)
}

// AwaitReady waits until /readyz answers 200.
func (r *Env) AwaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		if ok := r.isReady(ctx); ok {
			return nil
		}
		select {
		case <-r.ended:
			return fmt.Errorf("saltern ended: %w\n%s", r.endErr, r.Log())
		case <-ctx.Done():
			return fmt.Errorf("saltern is not ready: %w\n%s", ctx.Err(), r.Log())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (r *Env) isReady(ctx context.Context) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.Admin+"/readyz", nil)
	if err != nil {
		return false
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	_ = resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// StopGateway sends SIGTERM and waits for the end. An exit code other than 0
// is an error.
func (r *Env) StopGateway(ctx context.Context) error {
	if r.cmd == nil {
		return nil
	}
	defer func() { r.cmd = nil }()
	if err := r.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop saltern: %w", err)
	}
	select {
	case <-r.ended:
		if r.endErr != nil {
			return fmt.Errorf("saltern: %w\n%s", r.endErr, r.Log())
		}
		return nil
	case <-ctx.Done():
	case <-time.After(45 * time.Second):
	}
	_ = r.Signal(syscall.SIGKILL)
	<-r.ended
	return errors.New("saltern did not end")
}

// Signal sends a signal to the gateway.
func (r *Env) Signal(s syscall.Signal) error {
	r.kept.drop()
	return r.cmd.Process.Signal(s)
}

// PID is the gateway's process id.
func (r *Env) PID() int { return r.cmd.Process.Pid }

// Ended is closed when the gateway's process has ended.
func (r *Env) Ended() <-chan struct{} { return r.ended }

// Log returns what the gateway has logged.
func (r *Env) Log() string {
	b, err := os.ReadFile(r.LogFile())
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// Command runs another sub-command of saltern with the gateway's
// configuration, and returns what it printed on standard output.
func (r *Env) Command(ctx context.Context, stdin string, args ...string) (string, error) {
	var out, errs strings.Builder
	n := 0 // what names the command comes before the flags
	for n < min(2, len(args)) && !strings.HasPrefix(args[n], "-") {
		n++
	}
	cmd := exec.CommandContext(ctx, r.opts.Saltern, slices.Concat(args[:n], []string{"-c", r.conf, "--config", r.settings}, args[n:])...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: r.as}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &errs
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("saltern %s: %w\n%s", strings.Join(args, " "), err, errs.String())
	}
	return out.String(), nil
}
