package saltssh

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Call is one run of salt-ssh.
type Call struct {
	Target     string // an expression, or ids joined by commas for the type list
	TargetType string // one of those in the table below; glob when empty
	Fun        string
	Args       []string // in the form of Salt's command line: name=value, YAML
	JID        string   // the job id, under which the job cache has the returns
	RawShell   bool     // Fun and Args are a command for the shell of the targets
	Timeout    time.Duration
	Settings   Settings
}

// targetFlags maps the types of target of salt-ssh's roster matcher to its
// options.
var targetFlags = map[string][]string{
	"":          nil,
	"glob":      nil,
	"pcre":      {"--pcre"},
	"list":      {"--list"},
	"nodegroup": {"--nodegroup"},
	"range":     {"--range"},
}

// The limits of a command line. Linux accepts 128 KiB for one argument and
// counts the environment too.
const (
	maxTarget = 16 << 10
	maxArg    = 128<<10 - 1
	maxArgs   = 1 << 20
)

var (
	functionName = newForm(`^[A-Za-z0-9_][A-Za-z0-9_.]{0,254}$`)

	// A target may be used as the name of a host, which salt-ssh puts on the
	// command line of ssh unchanged.
	plainTarget = newForm(`^[\p{L}\p{N}_.:*?\[!%][\p{L}\p{N}_.:@*?\[\]!^,%+=~-]*$`)
	pcreTarget  = newForm(`^[\p{L}\p{N}_.:*?\[\]()^\\][\p{L}\p{N}_.:*?\[\]()^\\!$,%+=~|{}-]*$`)
)

// Check returns the error in a call, as a text for the client.
func (c *Call) Check() error {
	if _, ok := targetFlags[c.TargetType]; !ok {
		return fmt.Errorf("salt-ssh knows no tgt_type %q: it takes glob, pcre, list, nodegroup and range", shortened(c.TargetType))
	}
	if err := c.checkTarget(); err != nil {
		return err
	}
	if err := c.checkFun(); err != nil {
		return err
	}
	sum := len(c.Fun) + len(c.Target)
	for _, arg := range c.Args {
		sum += len(arg) + 1
		switch {
		case strings.Contains(arg, "\x00"):
			return errors.New("arg contains a NUL byte")
		case len(arg) > maxArg, sum > maxArgs:
			return fmt.Errorf("the arguments are too long: salt-ssh takes %d bytes each and %d in all", maxArg, maxArgs)
		}
	}
	return nil
}

func (c *Call) checkTarget() error {
	f := plainTarget
	if c.TargetType == "pcre" {
		f = pcreTarget
	}
	switch {
	case c.Target == "":
		return errors.New("tgt is empty")
	case len(c.Target) > maxTarget:
		return fmt.Errorf("tgt is longer than %d bytes", maxTarget)
	case !f.matches(c.Target), strings.Contains(c.Target, "@-"), strings.Contains(c.Target, ",-"):
		return errors.New("tgt has characters that are not allowed in a target of salt-ssh")
	}
	return nil
}

// checkFun requires the name of a function to be one word, since the target
// splits it if there are no arguments. A raw command may be any words, but must
// not begin with an option: ssh also reads options after the host's name.
func (c *Call) checkFun() error {
	switch {
	case c.RawShell && (strings.ContainsAny(c.Fun[:min(1, len(c.Fun))], "- \t\r\n") || c.Fun == ""):
		return errors.New("fun must be a command, which does not begin with a space or a -")
	case c.RawShell && (strings.Contains(c.Fun, "\x00") || len(c.Fun) > maxArg):
		return errors.New("fun contains a NUL byte or is too long")
	case !c.RawShell && !functionName.matches(c.Fun):
		return errors.New("fun must be the name of a function")
	}
	return nil
}

// Characters that are in no name and no address of a host.
const (
	globSigns = "*?["
	pcreSigns = `*?[]()^\\|$+{}`
)

// KeepToRoster changes a call so that it reaches only hosts of the roster, or
// reports false if it cannot. salt-ssh uses a target that matches nothing in
// the roster as the name of a host, whatever its type is, except for a list.
func (c *Call) KeepToRoster() bool {
	switch c.TargetType {
	case "", "glob":
		if strings.ContainsAny(c.Target, "@,") {
			return false
		}
		if !strings.ContainsAny(c.Target, globSigns) {
			c.TargetType = "list"
		}
	case "pcre":
		if !strings.ContainsAny(c.Target, pcreSigns) {
			c.Target = "(?:" + c.Target + ")"
		}
	case "list":
	default:
		return false
	}
	return true
}

// argv returns the command line without the program's name.
func (c *Call) argv() []string {
	argv := append([]string{}, targetFlags[c.TargetType]...)
	argv = append(argv, "--", c.Target, c.Fun)
	return append(argv, c.Args...)
}

// shortened bounds a name from a client.
func shortened(s string) string {
	const most = 64
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "..."
	}
	return s
}
