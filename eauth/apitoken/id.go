package apitoken

import (
	"crypto/rand"
	"encoding/hex"
	"strings"
)

// NewID returns a new public id for a token or a service account: a random UUID
// (RFC 9562, version 4).
func NewID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // it never fails
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	var text [36]byte
	hex.Encode(text[0:8], b[0:4])
	hex.Encode(text[9:13], b[4:6])
	hex.Encode(text[14:18], b[6:8])
	hex.Encode(text[19:23], b[8:10])
	hex.Encode(text[24:36], b[10:16])
	for _, at := range hyphens {
		text[at] = '-'
	}
	return string(text[:])
}

var hyphens = [...]int{8, 13, 18, 23}

// ValidID reports whether s is a UUID in lower case, of whichever version.
func ValidID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i, c := range []byte(s) {
		switch i {
		case hyphens[0], hyphens[1], hyphens[2], hyphens[3]:
			if c != '-' {
				return false
			}
		default:
			if strings.IndexByte("0123456789abcdef", c) < 0 {
				return false
			}
		}
	}
	return true
}
