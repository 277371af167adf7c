package session

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"time"
)

// sealInfo binds the derived keys to this use. It must change when the sealed
// content changes.
const sealInfo = "saltern session v1"

// content is the sealed content.
type content struct {
	Token    string          `json:"token"`
	User     string          `json:"user"`
	Eauth    string          `json:"eauth"`
	Groups   []string        `json:"groups,omitempty"`
	AuthList json.RawMessage `json:"auth_list,omitempty"`
	Start    time.Time       `json:"start"`
	Expire   time.Time       `json:"expire"`
}

// sealer returns the cipher of one session, whose id is 160 random bits and so
// needs no slow derivation.
func sealer(id string) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, []byte(id), nil, sealInfo, 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// seal returns a session in a form that only the holder of id can read.
func seal(s *Session) ([]byte, error) {
	aead, err := sealer(s.ID)
	if err != nil {
		return nil, fmt.Errorf("seal a session: %w", err)
	}
	plain, err := json.Marshal(content{
		Token: s.Token, User: s.User, Eauth: s.Eauth, Groups: s.Groups, AuthList: s.AuthList,
		Start: s.Start, Expire: s.Expire,
	})
	if err != nil {
		return nil, fmt.Errorf("seal a session: %w", err)
	}
	key := HashOf(s.ID)
	return aead.Seal(nil, nil, plain, key[:]), nil //nolint:gosec // G407: this cipher makes its own nonce
}

// unseal reads the result of seal.
func unseal(id string, sealed []byte) (*Session, error) {
	aead, err := sealer(id)
	if err != nil {
		return nil, fmt.Errorf("open a session: %w", err)
	}
	key := HashOf(id)
	plain, err := aead.Open(nil, nil, sealed, key[:])
	if err != nil {
		return nil, fmt.Errorf("open a session: %w", err)
	}
	var c content
	if err := json.Unmarshal(plain, &c); err != nil {
		return nil, fmt.Errorf("open a session: %w", err)
	}
	return &Session{
		ID: id, Token: c.Token,
		User: c.User, Eauth: c.Eauth, Groups: c.Groups, AuthList: c.AuthList,
		Start: c.Start, Expire: c.Expire,
	}, nil
}
