package mark

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"io"
)

// Mark identifies credentials. Two marks of one key may be compared in any
// way: the key never leaves the process, so the time of a comparison reveals
// nothing.
type Mark [sha256.Size]byte

// Key is the key under which marks are made. It is new in every process and
// never leaves it, so a mark in a core dump cannot be tried against a list of
// passwords without the key beside it, and is worth nothing anywhere else.
type Key [sha256.Size]byte

// NewKey returns a random key.
func NewKey() (k Key) {
	_, _ = rand.Read(k[:]) // never fails: crypto/rand ends the process instead
	return k
}

// Of returns the HMAC of the fields with a NUL between them, which none of
// them may contain: [github.com/saltern-api/saltern/eauth.Credentials.Check]
// refuses it.
func (k *Key) Of(fields ...string) (m Mark) {
	h := hmac.New(sha256.New, k[:])
	for i, field := range fields {
		if i > 0 {
			_, _ = h.Write([]byte{0})
		}
		_, _ = io.WriteString(h, field)
	}
	h.Sum(m[:0])
	return m
}
