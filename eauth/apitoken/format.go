package apitoken

import (
	"crypto/rand"
	"errors"
	"hash/crc32"
	"log/slog"
	"strings"
)

// Pattern matches every secret in a text, for tools that look for leaked ones.
// It is valid in RE2, PCRE and POSIX ERE. A match is a secret of Saltern's if
// [Parse] accepts it too: the last six characters are a checksum.
const Pattern = `saltern_(api|acc|svc|dev)_[0-9A-Za-z]{36}`

// A secret is a prefix that denotes its kind, random characters and the CRC-32
// (IEEE) of all that, in base 62 with leading zeros. Underscores count as part
// of a word, so that a double click selects the whole.
const (
	randomLen = 30 // 178 bits
	sumLen    = 6  // 62^6 > 2^32
	alphabet  = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// SecretLen is the length of every secret, in bytes.
const SecretLen = prefixLen + randomLen + sumLen

const prefixLen = len("saltern_api_")

// Kind is the purpose of a token.
type Kind string

// The kinds of tokens.
const (
	KindAPI     Kind = "api"     // made for a program, exchanged for access tokens
	KindAccess  Kind = "access"  // sent with the requests themselves
	KindRefresh Kind = "refresh" // of a service account, for one exchange
	KindDevice  Kind = "device"  // a device code of RFC 8628
)

// prefixes are the beginnings of secrets, by kind.
var prefixes = map[Kind]string{
	KindAPI:     "saltern_api_",
	KindAccess:  "saltern_acc_",
	KindRefresh: "saltern_svc_",
	KindDevice:  "saltern_dev_",
}

// Known reports whether this is one of the kinds.
func (k Kind) Known() bool { return prefixes[k] != "" }

// Lasting reports whether tokens of this kind are listed, and are kept for a
// while after their end. The others are short-lived and numerous.
func (k Kind) Lasting() bool { return k == KindAPI || k == KindRefresh }

// ErrMalformed means that a text cannot be a secret of this gateway.
var ErrMalformed = errors.New("not a token of this gateway")

// Secret is the credential itself. It prints without it; [Secret.Reveal] is for
// the one response in which it is shown.
type Secret struct {
	kind Kind
	text string
}

// NewSecret makes a secret of a known kind.
func NewSecret(k Kind) Secret {
	text := make([]byte, 0, SecretLen)
	text = append(text, prefixes[k]...)
	for buf := [2 * randomLen]byte{}; len(text) < prefixLen+randomLen; {
		_, _ = rand.Read(buf[:]) // it never fails
		text = appendEven(text, buf[:])
	}
	return Secret{kind: k, text: string(appendSum(text))}
}

// appendEven turns random bytes into characters until there are enough, each
// character with the same probability: bytes past the last multiple of 62 are
// skipped.
func appendEven(text, random []byte) []byte {
	for _, b := range random {
		if b < 256/62*62 && len(text) < prefixLen+randomLen {
			text = append(text, alphabet[b%62])
		}
	}
	return text
}

// appendSum appends the checksum of text.
func appendSum(text []byte) []byte {
	var digits [sumLen]byte
	sum := crc32.ChecksumIEEE(text)
	for i := sumLen - 1; i >= 0; i-- {
		digits[i] = alphabet[sum%62]
		sum /= 62
	}
	return append(text, digits[:]...)
}

// Parse reads a secret that a client presents. It returns [ErrMalformed] for
// any text that this program cannot have made, without a lookup in the store.
func Parse(s string) (Secret, error) {
	if len(s) != SecretLen {
		return Secret{}, ErrMalformed
	}
	for kind, prefix := range prefixes {
		if strings.HasPrefix(s, prefix) && wellFormed(s) {
			return Secret{kind: kind, text: s}, nil
		}
	}
	return Secret{}, ErrMalformed
}

// wellFormed checks what follows the prefix.
func wellFormed(s string) bool {
	for _, c := range []byte(s[prefixLen:]) {
		if strings.IndexByte(alphabet, c) < 0 {
			return false
		}
	}
	var buf [SecretLen]byte
	body := append(buf[:0], s[:prefixLen+randomLen]...)
	return string(appendSum(body)) == s
}

// LooksLike reports whether s has the prefix of a secret of this gateway,
// whatever follows, so that a mistyped one is not taken for another credential.
func LooksLike(s string) bool {
	for _, prefix := range prefixes {
		if strings.HasPrefix(s, prefix) {
			return true
		}
	}
	return false
}

// Kind returns the kind of the secret.
func (s Secret) Kind() Kind { return s.kind }

// Reveal returns the secret itself.
func (s Secret) Reveal() string { return s.text }

// String returns the prefix of the kind.
func (s Secret) String() string { return prefixes[s.kind] + "..." }

// GoString keeps the secret out of %#v too.
func (s Secret) GoString() string { return s.String() }

// LogValue keeps the secret out of logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }
