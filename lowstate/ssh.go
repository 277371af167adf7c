package lowstate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/acl"
	"github.com/saltern-api/saltern/internal/budget"
	"github.com/saltern-api/saltern/internal/spool"
	"github.com/saltern-api/saltern/lowstate/saltssh"
	"github.com/saltern-api/saltern/saltmaster/eventbus"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/saltmaster/yamlin"
)

// SSHOptions are the options of the client ssh besides the master.
type SSHOptions struct {
	Program *saltssh.Program

	// Rules authorize the calls, since the master is not involved in salt-ssh.
	// Without rules every call is refused.
	Rules SSHAuthorizer

	// Open are those [SSHPrivileges] that callers may use whose rules do not
	// allow everything.
	Open []string

	// AllowRawShell is netapi_allow_raw_shell.
	AllowRawShell bool
}

// SSHAuthorizer evaluates the rules of external_auth, with the hosts of the
// roster as the minions. *acl.Rules with the targets of [acl.Roster] is one.
type SSHAuthorizer interface {
	SSH(subject acl.Subject, c acl.Call) acl.Verdict

	// Unrestricted reports whether a caller may run any function everywhere.
	Unrestricted(subject acl.Subject) bool
}

var _ SSHAuthorizer = (*acl.Rules)(nil)

// SSH returns the client ssh, which runs functions on hosts without a minion.
func SSH(m *Master, o SSHOptions) Client { return ssh{m, o} }

type ssh struct {
	*Master
	opts SSHOptions
}

func (ssh) Name() string { return "ssh" }

// notForSSH are the chunk's keys that are not passed to salt-ssh, or not as
// options.
var notForSSH = map[string]bool{
	"client": true, "token": true, "eauth": true, "username": true, "password": true, "arg": true, "kwarg": true,
}

// plainSSH are the keys of a chunk that only runs a function with salt-ssh.
var plainSSH = []string{
	"client", "tgt", "tgt_type", "fun", "arg", "kwarg", "timeout", "raw_shell",
	"token", "username", "password", "eauth",
}

func (s ssh) Prepare(c Chunk) (Job, error) {
	if _, err := s.opts.Program.Find(); err != nil {
		return nil, sshFailure(err)
	}
	j := &sshJob{Master: s.Master, opts: s.opts, spool: c.spool}
	for _, f := range c.fields {
		if notForSSH[f.key] {
			continue
		}
		if saltssh.HasProxyCommand(f.value) {
			return nil, fmt.Errorf("%s must not contain ProxyCommand", printable(f.key))
		}
		if err := j.call.Settings.Add(f.key, f.value); err != nil {
			return nil, err
		}
	}
	if err := j.fill(c); err != nil {
		return nil, err
	}
	if j.call.RawShell && !s.opts.AllowRawShell {
		return nil, &Error{Kind: Unauthenticated, Text: textRawShell}
	}
	return j, j.call.Check()
}

// sshJob is one run of salt-ssh.
type sshJob struct {
	*Master
	opts SSHOptions
	call saltssh.Call

	spool *spool.Spool // takes the answer

	arg         msgpack.Raw   // in the form of a publication
	ruleArgs    []msgpack.Raw // the arguments that the rules have to allow, in order
	extras      bool          // the chunk does more than run a function on its target
	otherRoster bool          // the chunk chose the roster, whose hosts are not in Program.Hosts
	allowed     bool          // the rules allow the call
	kept        *acl.Call     // the call as it was before it was restricted to the roster
}

func (j *sshJob) fill(c Chunk) (err error) {
	if j.call.Target, j.call.TargetType, err = sshTarget(c); err != nil {
		return err
	}
	if j.call.Fun, err = c.function(); err != nil {
		return err
	}
	if _, ok := c.present("jid"); ok {
		// The jid of another job would return data of the job cache.
		return errors.New("jid cannot be chosen for the client ssh")
	}
	if j.call.Timeout, err = c.duration("timeout", 0); err != nil {
		return err
	}
	kwargs, err := c.mapping("kwarg")
	if err != nil {
		return err
	}
	j.ruleArgs = []msgpack.Raw{conditioned(c.list("arg"), nil)}
	j.arg = conditioned(c.list("arg"), kwargs)
	if len(kwargs) > 0 {
		j.ruleArgs = append(j.ruleArgs, j.arg)
	}
	if j.call.Args, err = sshArgs(c.budget, j.arg); err != nil {
		return err
	}
	_, file := c.present("roster_file")
	_, module := c.present("roster")
	j.otherRoster = file || module
	j.call.RawShell = c.truthy("raw_shell")
	j.extras = slices.ContainsFunc(c.fields, func(f field) bool { return !slices.Contains(plainSSH, f.key) })
	return nil
}

// sshTarget returns a target in the form of salt-ssh's command line.
func sshTarget(c Chunk) (tgt, tgtType string, err error) {
	tgtType, ok := c.stringOr("tgt_type", "glob")
	if !ok {
		return "", "", errors.New("tgt_type must be a string")
	}
	v, ok := c.present("tgt")
	if !ok {
		return "", "", errors.New("tgt is missing")
	}
	if tgt, ok := text(v); ok {
		return tgt, tgtType, nil
	}
	if tgtType != "list" || v.Kind() != msgpack.Array || !allStrings(v) {
		return "", "", errors.New("tgt must be a string, or a list of strings for tgt_type list")
	}
	return strings.Join(words(v), ","), tgtType, nil
}

func (j *sshJob) Command() Command {
	return Command{
		Fun: j.call.Fun, Arg: j.arg, RawShell: j.call.RawShell, Extras: j.extras,
		Tgt: msgpack.AppendString(nil, j.call.Target), TgtType: j.call.TargetType,
		Authorize: j.authorize,
	}
}

// Run subscribes to the jid before salt-ssh fires the first return.
func (j *sshJob) Run(ctx context.Context, _ eauth.Grant, rec *Record) (Answer, error) {
	if !j.allowed {
		return nil, errSSHUnauthorized
	}
	if j.spool == nil {
		j.spool = (*spool.Store)(nil).New()
	}
	if j.spool.Full() {
		return nil, spool.ErrFull
	}
	if j.RestTimeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, j.RestTimeout)
		defer cancel()
	}
	j.call.JID = j.JIDs.Next()
	var sub *eventbus.Sub
	if j.Bus.Connected() && !j.Verified {
		sub = j.Bus.Subscribe(j.call.JID)
		defer sub.Close()
	}
	rec.starting(j.call.JID, "")
	out, err := j.opts.Program.Run(ctx, j.call)
	if err != nil {
		return nil, j.failure(err)
	}
	rec.started(j.call.JID, "")
	a := sshAnswer{job: j, code: out.Code, at: time.Now()}
	defer out.Close()
	if err := a.read(out.File, out.Size); err != nil {
		return nil, err
	}
	rec.Minions = len(a.hosts)
	if err := a.listen(ctx, sub); err != nil {
		return nil, err
	}
	answer, err := a.write(j.spool)
	if j.spool.Err() != nil {
		err = notKept(j.spool.Err(), j.call.JID)
	}
	return answer, err
}

// failure is sshFailure, with the case that salt-ssh is restricted to the
// roster and the target is not in it: salt-ssh then fails.
func (j *sshJob) failure(err error) error {
	if _, failed := errors.AsType[*saltssh.FailedError](err); failed && j.kept != nil && !j.otherRoster {
		ids, ok := acl.Accepted(j.opts.Program.Hosts).Match(j.kept.Tgt, j.kept.TgtType)
		if ok && len(ids) == 0 {
			return sshPrivilege(OffRoster)
		}
	}
	return sshFailure(err)
}

// sshFailure turns an error of package saltssh into one for the client.
func sshFailure(err error) error {
	failed, isFailed := errors.AsType[*saltssh.FailedError](err)
	switch {
	case errors.Is(err, saltssh.ErrNotFound):
		return &Error{Kind: BadRequest, Err: err,
			Text: "The client ssh needs the program salt-ssh, which is not on the gateway's host."}
	case errors.Is(err, saltssh.ErrBusy):
		return &Error{Kind: Unavailable, Text: "Too many salt-ssh programs are running.", RetryAfter: retryAfter, Err: err}
	case errors.Is(err, saltssh.ErrNoKey), errors.Is(err, saltssh.ErrNoRoster):
		return &Error{Kind: BadRequest, Text: err.Error(), Err: err}
	case errors.Is(err, saltssh.ErrTooLarge):
		return &Error{Kind: Failed, Text: "The output of salt-ssh is too large.", Err: err}
	case isFailed:
		return &Error{Kind: Failed, Err: err,
			Text: "salt-ssh ended without an answer (" + failed.Status + "). Its log file says why."}
	}
	return err
}

// sshKeyword matches the names of keyword arguments in salt-ssh; see nameValue.
var sshKeyword = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[\p{L}_][\p{L}\p{N}_.-]*$`) })

// sshArgs writes arguments in the form of Salt's command line. Text is
// unchanged, since salt-api parses it in the same way: "5" arrives as a number.
// Any other value is written as JSON, which is YAML, so that its type is kept;
// salt-api fails for it, or turns it into text.
func sshArgs(b *budget.Budget, args msgpack.Raw) ([]string, error) {
	var argv []string
	err := args.Elems(func(a msgpack.Raw) error {
		if s, ok := text(a); ok {
			argv = append(argv, s)
			return nil
		}
		if mark, marked := a.Lookup("__kwarg__"); marked && isTrue(mark) {
			return a.Each(func(k, v msgpack.Raw) error {
				name, _ := k.Str()
				if name == "__kwarg__" {
					return nil
				}
				if !sshKeyword().MatchString(name) {
					return fmt.Errorf("%q cannot be the name of a keyword argument for salt-ssh", printable(name))
				}
				value, err := sshKeywordValue(b, v)
				argv = append(argv, name+"="+value)
				return err
			})
		}
		s, err := sshJSON(a)
		argv = append(argv, s)
		return err
	})
	return argv, err
}

// sshKeywordValue keeps text a text: quoted if it would be parsed as another
// type.
func sshKeywordValue(b *budget.Budget, v msgpack.Raw) (string, error) {
	if s, ok := text(v); ok {
		arg, err := yamlin.Argument(b, s)
		if err != nil {
			return "", err
		}
		read, isText := text(arg)
		if isText && read == s && !bytes.ContainsAny([]byte(s), "\n") {
			return s, nil
		}
	}
	return sshJSON(v)
}

// sshJSON writes a value as JSON without a "#", since Salt does not parse text
// with one.
func sshJSON(v msgpack.Raw) (string, error) {
	b, err := msgpack.AppendJSON(nil, v)
	if err != nil {
		return "", fmt.Errorf("arg cannot be written for salt-ssh: %w", err)
	}
	return string(bytes.ReplaceAll(b, []byte("#"), []byte(`\u0023`))), nil
}
