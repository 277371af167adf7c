package lowstate

import (
	"bytes"
	"fmt"
	"regexp"

	"github.com/saltern-api/saltern/internal/budget"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/saltmaster/yamlin"
)

// sshKeyword matches the names of keyword arguments in salt-ssh.
var sshKeyword = regexp.MustCompile(`^[\p{L}_][\p{L}\p{N}_.-]*$`)

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
