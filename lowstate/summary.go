package lowstate

import (
	"strings"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// Summary is what a chunk is to run and for whom, as its sender wrote it: for
// the audit log, which has chunks that are refused, too. It holds no password,
// no token and no argument.
type Summary struct {
	Client       string
	Fun          string // the functions of a list are joined by commas
	Tgt, TgtType string // likewise

	User, Eauth string // the caller, as the chunk claims
}

// rawShell is what Salt calls the function where "fun" is a whole command line.
const rawShell = "ssh._raw"

// maxSummary is about how much of a value is taken, in bytes.
const maxSummary = 4 << 10

// Summary returns the chunk's summary. What is neither text nor a list of
// texts is left out.
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

// textOf is a value that is text or a list of texts, as text.
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
