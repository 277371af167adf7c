package lowstate

import (
	"bytes"
	"fmt"
	"regexp"

	"github.com/saltern-api/saltern/internal/budget"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/saltmaster/yamlin"
)

// sshKeyword is what salt-ssh takes for the name of a keyword argument.
var sshKeyword = regexp.MustCompile(`^[\p{L}_][\p{L}\p{N}_.-]*$`)

// sshArgs writes arguments as Salt's command line has them. Text stays as it
// is, since salt-api has it read in the same way: "5" arrives as a number.
// Anything else is written as JSON, which is YAML, so that it arrives as what
// it is; salt-api fails at it, or makes text of it.
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
				if !sshKeyword.MatchString(name) {
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

// sshKeywordValue keeps text what it is: quoted where it would be read as
// something else.
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

// sshJSON writes a value as JSON without a "#", at the sight of which Salt
// gives up reading text.
func sshJSON(v msgpack.Raw) (string, error) {
	b, err := msgpack.AppendJSON(nil, v)
	if err != nil {
		return "", fmt.Errorf("arg cannot be written for salt-ssh: %w", err)
	}
	return string(bytes.ReplaceAll(b, []byte("#"), []byte(`\u0023`))), nil
}
