package saltssh

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"unicode"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// form is a form of text. It is compiled when it is first needed: that takes
// milliseconds, by which each start of the program would take longer.
type form func() *regexp.Regexp

func newForm(expr string) form {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}

func (f form) matches(s string) bool { return f().MatchString(s) }

// The forms of settings that are text. None allows a space, a quote or a
// backslash, or a leading "-".
var (
	userName   = newForm(`^[A-Za-z0-9_][A-Za-z0-9_.@+-]*\$?$`)
	privateKey = newForm(`^(agent-forwarding|/[A-Za-z0-9_./@+=,-]+)$`)
	forwards   = newForm(`^[A-Za-z0-9_.*\[/][A-Za-z0-9_.:*/\[\]-]*(,[A-Za-z0-9_.*\[/][A-Za-z0-9_.:*/\[\]-]*)*$`)
	ports      = newForm(`^[0-9]{1,5}(,[0-9]{1,5})*$`)
	modules    = newForm(`^[A-Za-z0-9_][A-Za-z0-9_.]{0,127}(,[A-Za-z0-9_][A-Za-z0-9_.]{0,127})*$`)
	fileName   = newForm(`^[A-Za-z0-9_/][A-Za-z0-9_./@+=-]{0,254}$`)
	fileRefs   = newForm(`^salt://[A-Za-z0-9_./@+=?-]+(,salt://[A-Za-z0-9_./@+=?-]+)*$`)
	sshOption  = newForm(`^[A-Za-z0-9]{1,64}=[A-Za-z0-9_.:@*+^,-]+$`)
)

// shell is where salt-ssh splits the command line of ssh.
const shell = "/bin/sh"

// lookUp is the prefix of values that Salt replaces by a lookup.
const lookUp = "sdb://"

// maxPassword is the maximum length of a password in bytes: a terminal accepts
// 4096 in one line.
const maxPassword = 1024

// maxOptions is the maximum number of ssh_options.
const maxOptions = 64

var errForm = errors.New("has characters that are not allowed in it")

func matching(f form) func(v msgpack.Raw) (any, error) {
	return func(v msgpack.Raw) (any, error) {
		s, err := text(v)
		if err != nil {
			return nil, err
		}
		if !f.matches(s) || strings.Contains(s, shell) || strings.HasPrefix(s, lookUp) {
			return nil, errForm
		}
		return s, nil
	}
}

// password accepts any characters that can be typed.
func password(v msgpack.Raw) (any, error) {
	s, err := text(v)
	switch {
	case err != nil:
		return nil, err
	case len(s) > maxPassword:
		return nil, fmt.Errorf("is longer than %d bytes", maxPassword)
	case strings.HasPrefix(s, lookUp), strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }):
		return nil, errForm
	}
	return s, nil
}

// text returns Python's str() of a value, since a form or a YAML file may have
// changed its type.
func text(v msgpack.Raw) (string, error) {
	switch v.Kind() {
	case msgpack.Str:
		s, _ := v.Str()
		return s, nil
	case msgpack.Int:
		if n, ok := v.Int(); ok {
			return strconv.FormatInt(n, 10), nil
		}
	}
	return "", errors.New("must be a string")
}

func texts(v msgpack.Raw) ([]string, error) {
	if v.Kind() != msgpack.Array {
		s, err := text(v)
		return []string{s}, err
	}
	if v.Len() > maxOptions {
		return nil, fmt.Errorf("has more than %d elements", maxOptions)
	}
	var list []string
	err := v.Elems(func(e msgpack.Raw) error {
		s, err := text(e)
		list = append(list, s)
		return err
	})
	return list, err
}

func integer(low, high int64) func(v msgpack.Raw) (any, error) {
	return func(v msgpack.Raw) (any, error) {
		s, err := text(v)
		if err != nil {
			return nil, errors.New("must be an integer")
		}
		n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
		if err != nil {
			return nil, errors.New("must be an integer")
		}
		if n < low || n > high {
			return nil, fmt.Errorf("must be an integer from %d to %d", low, high)
		}
		return n, nil
	}
}

// boolean also reads words: Python's bool("false"), which salt-api uses, is
// true, and would turn ignore_host_keys on for a caller that wants it off.
func boolean(v msgpack.Raw) (any, error) {
	if b, ok := v.Bool(); ok {
		return b, nil
	}
	s, _ := text(v)
	switch strings.ToLower(s) {
	case "true", "yes", "on", "1":
		return true, nil
	case "false", "no", "off", "0":
		return false, nil
	}
	return nil, errors.New("must be true or false")
}
