package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"time"
)

// SignatureHeader has the signature: t=TIME,v1=HMAC, where the time is in Unix
// seconds, and the other the HMAC-SHA256 of it, a dot and the body, in
// hexadecimal.
const SignatureHeader = "Saltern-Signature"

func sign(secret []byte, at time.Time, body []byte) string {
	t := strconv.FormatInt(at.Unix(), 10)
	return "t=" + t + ",v1=" + hex.EncodeToString(mac(secret, t, body))
}

func mac(secret []byte, t string, body []byte) []byte {
	h := hmac.New(sha256.New, secret)
	h.Write([]byte(t + "."))
	h.Write(body)
	return h.Sum(nil)
}

// ErrSignature says that a document is not from who has the secret, or is old.
var ErrSignature = errors.New("the signature is not good")

// Verify is what a receiver does with a document and its SignatureHeader. Older
// than tolerance it may be somebody else's copy.
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
