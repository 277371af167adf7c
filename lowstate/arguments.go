package lowstate

import (
	"errors"
	"slices"

	"github.com/saltern-api/saltern/saltmaster/arguments"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

const (
	// Hidden replaces the value of an argument that is named like a credential.
	Hidden = arguments.Hidden

	// NotRead replaces a large value of a chunk that was refused before it was
	// decoded.
	NotRead = "NOT READ"
)

// notArguments are the keys of a [Summary], and those of credentials.
var notArguments = []string{"client", "fun", "tgt", "tgt_type", "username", "eauth", "password", "token"}

// Arguments returns the values of a chunk besides its [Summary], as a JSON
// object. If it is longer than most bytes or nested very deep, only its
// beginning is returned, which is not valid JSON. Values that are named like a
// credential are hidden, at any depth. Positional values are not hidden: the
// documentation of the audit log's setting warns of that.
func (c Chunk) Arguments(most int) []byte {
	text, _ := c.arguments(most)
	return text
}

func (c Chunk) arguments(most int) (text []byte, whole bool) {
	var members []arguments.Member
	for _, f := range c.fields {
		// If "fun" is a whole command line, it is an argument too.
		if slices.Contains(notArguments, f.key) && (f.key != "fun" || !c.truthy("raw_shell")) {
			continue
		}
		v := f.value
		if _, ok := c.deferred[f.key]; ok {
			v = msgpack.AppendString(nil, NotRead)
		}
		members = append(members, arguments.Member{Key: f.key, Value: v})
	}
	w := arguments.NewWriter(most)
	err := w.Object(members)
	text, whole = w.Bytes()
	return text, whole && err == nil
}

var (
	errNotText = errors.New("not text")
	errEnough  = errors.New("more than is wanted")
)
