package signedpost

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"time"
)

// Header contains the signature: t=TIME,v1=HMAC. The time is in Unix seconds;
// HMAC is the HMAC-SHA256 of the time, a dot and the body, in hexadecimal.
const Header = "Saltern-Signature"

// Sign returns the value of [Header] for a body.
func Sign(secret []byte, at time.Time, body []byte) string {
	t := strconv.FormatInt(at.Unix(), 10)
	return "t=" + t + ",v1=" + hex.EncodeToString(mac(secret, t, body))
}

func mac(secret []byte, t string, body []byte) []byte {
	h := hmac.New(sha256.New, secret)
	h.Write([]byte(t + "."))
	h.Write(body)
	return h.Sum(nil)
}

// ErrSignature means that a document was not signed with this secret, or is too
// old.
var ErrSignature = errors.New("the signature is not good")

// Verify checks a body and its [Header] on the receiver's side. A document older
// than tolerance may be a replay.
func Verify(secret []byte, header string, body []byte, now time.Time, tolerance time.Duration) error {
	t, v1, ok := strings.Cut(strings.TrimPrefix(header, "t="), ",v1=")
	at, err := strconv.ParseInt(t, 10, 64)
	got, hexErr := hex.DecodeString(v1)
	if !ok || err != nil || hexErr != nil || !hmac.Equal(got, mac(secret, t, body)) {
		return ErrSignature
	}
	if age := now.Sub(time.Unix(at, 0)); age > tolerance || age < -tolerance {
		return ErrSignature
	}
	return nil
}
