package lane

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"io"

	"github.com/saltern-api/saltern/eauth"
)

// mark stands for credentials without telling them.
type mark [sha256.Size]byte

// secret is the key under which marks are made. It is new in every process and
// never leaves it, so a mark in a core dump cannot be tried against a list of
// passwords without the key beside it, and is worth nothing anywhere else.
type secret [sha256.Size]byte

func newSecret() (s secret) {
	_, _ = rand.Read(s[:]) // never fails: crypto/rand ends the process instead
	return s
}

// mark is the HMAC of the fields and of the address prefix with a NUL between
// them, which none of them can have: [eauth.Credentials.Check] refused that.
func (s *secret) mark(c eauth.Credentials) (m mark) {
	h := hmac.New(sha256.New, s[:])
	for i, field := range []string{c.Username, c.Password, c.Eauth, prefixOf(c).String()} {
		if i > 0 {
			_, _ = h.Write([]byte{0})
		}
		_, _ = io.WriteString(h, field)
	}
	h.Sum(m[:0])
	return m
}
