package lowstate

import (
	"strings"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// Summary is the command of a chunk and its caller, as its sender wrote it: for
// the audit log, which also has refused chunks. It holds no password, no token
// and no argument.
type Summary struct {
	Client       string
	Fun          string // the functions of a list are joined by commas
	Tgt, TgtType string // likewise

	User, Eauth string // the caller, as the chunk claims
}

// rawShell is Salt's name of the function if "fun" is a whole command line.
const rawShell = "ssh._raw"

// maxSummary is about how much of a value is kept, in bytes.
const maxSummary = 4 << 10

// Summary returns the chunk's summary. Values that are neither text nor a list
// of texts are omitted.
func (c Chunk) Summary() Summary {
	a := Summary{
		Client: c.textOf("client"), Fun: c.functionText(), Tgt: c.textOf("tgt"), TgtType: c.textOf("tgt_type"),
		User: c.textOf("username"), Eauth: c.textOf("eauth"),
	}
	if a.Tgt != "" && a.TgtType == "" {
		a.TgtType = "glob"
	}
	return a
}

func (c Chunk) functionText() string {
	if c.truthy("raw_shell") {
		return rawShell
	}
	return c.textOf("fun")
}

// textOf returns a text or a list of texts as text.
func (c Chunk) textOf(key string) string {
	v, ok := c.present(key)
	if !ok {
		return ""
	}
	if s, ok := text(v); ok {
		return s[:min(len(s), maxSummary)]
	}
	if v.Kind() != msgpack.Array {
		return ""
	}
	var b strings.Builder
	_ = v.Elems(func(e msgpack.Raw) error {
		s, ok := text(e)
		if !ok || b.Len() > maxSummary {
			return errNotText
		}
		if b.Len() > 0 {
			b.WriteByte(',')
		}
		b.WriteString(s[:min(len(s), maxSummary)])
		return nil
	})
	return b.String()
}
