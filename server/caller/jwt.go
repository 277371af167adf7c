package caller

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const (
	// jwtLife is how long a JWT is valid, unless its credential ends earlier.
	jwtLife = 30 * time.Minute

	jwtIssuer   = "saltern"
	jwtAudience = "saltern-login"
	jwtType     = "saltern-login+jwt" // of no other JWT under the same key (RFC 8725, section 3.11)

	// maxJWT is the maximum size of a JWT, in bytes.
	maxJWT = 4 << 10
)

// JWTs issues short-lived JSON Web Tokens for credentials, and opens them. A JWT
// contains its credential, encrypted: what it is good for is looked up with each
// request, so it ends with its session or token, and is never good for more.
type JWTs struct {
	sign []byte
	seal cipher.AEAD
	now  func() time.Time
}

// NewJWTs returns JWTs under a key of 32 bytes. Gateways that are to accept each
// other's have the same.
func NewJWTs(key []byte) (*JWTs, error) {
	if len(key) < sha256.Size {
		return nil, errors.New("the key of JWTs is too short")
	}
	sign, err := hkdf.Key(sha256.New, key, nil, "saltern jwt signature", sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("derive a key: %w", err)
	}
	seal, err := hkdf.Key(sha256.New, key, nil, "saltern jwt credential", sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("derive a key: %w", err)
	}
	block, err := aes.NewCipher(seal)
	if err != nil {
		return nil, fmt.Errorf("derive a key: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("derive a key: %w", err)
	}
	return &JWTs{sign: sign, seal: aead, now: time.Now}, nil
}

// claims are the content of a JWT. It names the user for clients that look.
type claims struct {
	jwt.RegisteredClaims
	Eauth  string `json:"eauth"`
	Sealed string `json:"crd"` // the credential
}

// Issue returns a JWT for a caller's credential, and when it expires. A caller
// without one gets an error.
func (j *JWTs) Issue(c *Caller) (text string, expires time.Time, err error) {
	id := c.Identity()
	if id.User == "" || c.Credential.Text == "" {
		return "", time.Time{}, errors.New("issue a JWT: there is no credential")
	}
	now := j.now()
	expires = now.Add(jwtLife)
	for _, end := range []time.Time{endOf(c), c.Credential.expires} {
		if !end.IsZero() && end.Before(expires) {
			expires = end
		}
	}
	expires = expires.Truncate(time.Second)
	t := jwt.NewWithClaims(jwt.SigningMethodHS256, claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: jwtIssuer, Audience: jwt.ClaimStrings{jwtAudience}, Subject: id.User,
			IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(expires),
		},
		Eauth:  id.Eauth,
		Sealed: base64.RawURLEncoding.EncodeToString(j.seal.Seal(nil, nil, []byte(c.Credential.Text), []byte(jwtType))), //nolint:gosec // G407: this cipher makes its own nonce
	})
	t.Header["typ"] = jwtType
	text, err = t.SignedString(j.sign)
	if err != nil {
		return "", time.Time{}, fmt.Errorf("issue a JWT: %w", err)
	}
	return text, expires, nil
}

// endOf returns when the session or token of a caller ends; zero is never.
func endOf(c *Caller) time.Time {
	if c.Principal != nil {
		return c.Principal.Expires
	}
	return c.Session.Expire
}

// IsJWT reports whether a credential has the form of a JWT. No other one has.
func (c Credential) IsJWT() bool { return strings.Count(c.Text, ".") == 2 && len(c.Text) <= maxJWT }

// isOwnJWT reports whether a credential says of itself that it is a JWT of the
// gateway's.
func (c Credential) isOwnJWT() bool {
	if !c.IsJWT() {
		return false
	}
	head, _, _ := strings.Cut(c.Text, ".")
	text, err := base64.RawURLEncoding.DecodeString(head)
	if err != nil {
		return false
	}
	var header struct {
		Type string `json:"typ"`
	}
	return json.Unmarshal(text, &header) == nil && header.Type == jwtType
}

// open returns the credential in a JWT, unless the JWT is not valid.
func (j *JWTs) open(text string) (Credential, bool) {
	var is claims
	t, err := jwt.ParseWithClaims(text, &is, func(*jwt.Token) (any, error) { return j.sign, nil },
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), jwt.WithIssuer(jwtIssuer),
		jwt.WithAudience(jwtAudience), jwt.WithExpirationRequired(), jwt.WithTimeFunc(j.now))
	if err != nil || t.Header["typ"] != jwtType {
		return Credential{}, false
	}
	sealed, err := base64.RawURLEncoding.DecodeString(is.Sealed)
	if err != nil {
		return Credential{}, false
	}
	plain, err := j.seal.Open(nil, nil, sealed, []byte(jwtType))
	if err != nil {
		return Credential{}, false
	}
	return Credential{Text: string(plain), expires: is.ExpiresAt.Time}, true
}
