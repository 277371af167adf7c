package lowstate

import (
	"strings"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// Summary is what a chunk asks for, in the words of whoever sent it: for an
// audit log, which tells of chunks that are refused too. It has no password, no
// token and no argument in it.
type Summary struct {
	Client       string
	Fun          string // the functions of a list are joined by commas
	Tgt, TgtType string // likewise

	User, Eauth string // who the chunk says that its caller is
}

// rawShell is what Salt calls the function where "fun" is a whole command line.
const rawShell = "ssh._raw"

// maxSummary is about how much of a value is taken, in bytes.
const maxSummary = 4 << 10

// Summary returns what the chunk asks for. What is neither text nor a list of
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
