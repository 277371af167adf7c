package saltssh

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// The errors of a run for which clients get more than "internal error".
var (
	ErrNotFound = errors.New("there is no salt-ssh program on this host")
	ErrBusy     = errors.New("too many salt-ssh programs are running")
	ErrTooLarge = errors.New("the output of salt-ssh is too large")
)

// FailedError means that salt-ssh ended without a result. Its messages are in
// its own log file (ssh_log_file).
type FailedError struct{ Status string }

func (e *FailedError) Error() string { return "salt-ssh failed: " + e.Status }

// Options of a [Program].
type Options struct {
	Program string   // a path, or a name to look up in Folders and then in $PATH; "salt-ssh" when empty
	Folders []string // directories of the Salt programs

	MasterFile string   // the master's main configuration file; it need not exist
	Includes   []string // the files it includes; see [Includes]
	Roster     string   // the master's option roster: the kind of its roster; "flat" when empty
	Rosters    []string // the master's option rosters: directories with rosters that clients may choose from

	// User is the master's user (Salt's option user), which salt-ssh runs as if this
	// process is root. "" stands for the user of this process.
	User string

	TempDir   string // where each run has a temporary directory; the system's when empty
	Processes int    // how many run at once; 4 when 0
	MaxOutput int64  // bytes; 64 MiB when 0

	// Grace is how long a program may take to end after SIGTERM, before
	// SIGKILL; 5 s when 0.
	Grace time.Duration
}

// Program runs salt-ssh. It is safe for concurrent use.
type Program struct {
	opts   Options
	slots  chan struct{}
	roster roster
}

// New returns a program, which need not be installed yet.
func New(o Options) *Program {
	if o.Program == "" {
		o.Program = "salt-ssh"
	}
	if o.Processes <= 0 {
		o.Processes = 4
	}
	if o.MaxOutput <= 0 {
		o.MaxOutput = 64 << 20
	}
	if o.Grace <= 0 {
		o.Grace = 5 * time.Second
	}
	return &Program{opts: o, slots: make(chan struct{}, o.Processes)}
}

// Find returns the path of the program, or an error that wraps ErrNotFound. It
// searches each time: salt-ssh is a separate package and may be installed
// later.
func (p *Program) Find() (string, error) {
	if !strings.Contains(p.opts.Program, "/") {
		for _, dir := range p.opts.Folders {
			if path, err := exec.LookPath(filepath.Join(dir, p.opts.Program)); err == nil {
				return path, nil
			}
		}
	}
	path, err := exec.LookPath(p.opts.Program)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrNotFound, err)
	}
	return filepath.Abs(path)
}

// Output is the output of a run. It has to be closed.
type Output struct {
	// File has JSON, an object from id to the return of the function, in Size bytes.
	// It has no name any more.
	File *os.File
	Size int64

	Code int // the exit code; not 0 when a function failed on one of the targets
}

// Close frees the output. Its zero value can be closed.
func (o Output) Close() {
	if o.File != nil {
		_ = o.File.Close() // nothing was written
	}
}

// Run runs salt-ssh and waits for it. When ctx ends, the program and all its
// children are ended. Errors are ctx's own, the sentinels of this package, a
// *FailedError, or those of the system.
func (p *Program) Run(ctx context.Context, c Call) (Output, error) {
	if err := c.Check(); err != nil {
		return Output{}, err
	}
	settings, err := p.opts.settings(c)
	if err != nil {
		return Output{}, err
	}
	return p.run(ctx, c.argv(), settings)
}

func (p *Program) run(ctx context.Context, argv []string, settings map[string]any) (Output, error) {
	path, err := p.Find()
	if err != nil {
		return Output{}, err
	}
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	default:
		return Output{}, ErrBusy
	}
	as, err := p.account()
	if err != nil {
		return Output{}, err
	}
	dir, err := newFolder(p.opts.TempDir)
	if err != nil {
		return Output{}, err
	}
	defer dir.remove()
	if err := dir.write(p.opts, settings); err != nil {
		return Output{}, err
	}
	cmd := p.command(ctx, path, argv, dir)
	if as != nil {
		if err := as.give(dir); err != nil {
			return Output{}, err
		}
		cmd.SysProcAttr.Credential = &as.credential
		cmd.Env = append(cmd.Env, "HOME="+as.home, "USER="+as.name, "LOGNAME="+as.name) // the last one of a name counts
	}
	err = runGroup(cmd)
	if ctx.Err() != nil {
		return Output{}, ctx.Err()
	}
	if cmd.ProcessState == nil {
		return Output{}, fmt.Errorf("start salt-ssh: %w", err)
	}
	return p.output(as, dir, cmd.ProcessState)
}

// declined answers "n" to every question of salt-ssh at a terminal: it offers
// to deploy its key to a host that refuses it.
var declined = strings.Repeat("n\n", 10_000)

func (p *Program) command(ctx context.Context, path string, argv []string, dir folder) *exec.Cmd {
	cmd := exec.CommandContext(ctx, path, argv...) //nolint:gosec // the operator names the program, and no shell reads argv
	cmd.Dir = dir.path
	cmd.Env = environment(dir)
	cmd.Stdin = strings.NewReader(declined)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = p.opts.Grace
	return cmd
}

// runGroup waits for the program, and then kills the rest of its process group.
// Each ssh has a terminal of its own as well, and notices that it is closed.
func runGroup(cmd *exec.Cmd) error {
	if err := cmd.Start(); err != nil {
		return err
	}
	err := cmd.Wait()
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	return err
}

// environment returns the variables that salt-ssh needs. Our directory is in
// SALT_CONFIG_DIR and not in -c, since an option would override the config_dir
// in it.
func environment(dir folder) []string {
	env := []string{"SALT_CONFIG_DIR=" + dir.path, "LANG=C.UTF-8"}
	for _, name := range []string{"PATH", "HOME", "USER", "LOGNAME", "TZ"} {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	if _, ok := os.LookupEnv("PATH"); !ok {
		env = append(env, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
	}
	return slices.Clip(env)
}

// output reads the result. It is in a file because salt-ssh also writes its
// questions to its standard output.
func (p *Program) output(as *account, dir folder, state *os.ProcessState) (Output, error) {
	f, err := as.open(dir.output())
	switch {
	case errors.Is(err, errNotTheirs):
		return Output{}, err
	case err != nil:
		return Output{}, &FailedError{Status: state.String()}
	}
	out := Output{File: f, Code: state.ExitCode()}
	info, err := f.Stat()
	switch {
	case err != nil:
		err = fmt.Errorf("read the output of salt-ssh: %w", err)
	case info.Size() > p.opts.MaxOutput:
		err = ErrTooLarge
	}
	if err != nil {
		out.Close()
		return Output{}, err
	}
	out.Size = info.Size()
	return out, nil
}
