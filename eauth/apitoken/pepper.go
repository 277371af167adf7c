package apitoken

import (
	"bytes"
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// PepperFile is the name of the pepper's file in the state directory.
const PepperFile = "token.pepper"

// pepperSize is the minimum length of a pepper in bytes, and the length of
// those made here.
const pepperSize = sha256.Size

// pepperMost bounds how much of a file is read, in bytes.
const pepperMost = 4096

// ErrPepper means that a pepper is not the one that the tokens of this store
// were hashed with.
var ErrPepper = errors.New("the tokens in this store were hashed with another pepper")

// Hash is how a secret is stored: its HMAC-SHA-256 under the pepper. The zero
// Hash stands for a token that has no secret yet.
type Hash [sha256.Size]byte

// IsZero reports whether there is no secret.
func (h Hash) IsZero() bool { return h == Hash{} }

// Equal compares in constant time.
func (h Hash) Equal(other Hash) bool { return subtle.ConstantTimeCompare(h[:], other[:]) == 1 }

// Pepper is the key of the hashes. It is kept apart from the store, so that a
// copy of the store alone is useless. It prints without its key.
type Pepper struct{ key []byte }

// Hash returns the hash under which the store keeps the secret.
func (p *Pepper) Hash(s Secret) Hash { return p.sum(s.text) }

func (p *Pepper) sum(text string) (h Hash) {
	mac := hmac.New(sha256.New, p.key)
	mac.Write([]byte(text))
	mac.Sum(h[:0])
	return h
}

// Derive returns a key of 32 bytes for another use than hashes of secrets. Keys
// for different uses do not reveal each other, nor the pepper.
func (p *Pepper) Derive(use string) ([]byte, error) {
	return hkdf.Key(sha256.New, p.key, nil, "saltern "+use, sha256.Size)
}

// String reveals nothing.
func (*Pepper) String() string { return "a pepper" }

// GoString reveals nothing either.
func (p *Pepper) GoString() string { return p.String() }

// LoadPepper reads the pepper of a state directory. At the first start it makes
// one, which only its owner can read.
func LoadPepper(dir string) (*Pepper, error) {
	path := filepath.Join(dir, PepperFile)
	if _, err := os.Lstat(path); errors.Is(err, os.ErrNotExist) {
		if err := makePepper(path); err != nil {
			return nil, fmt.Errorf("make a pepper: %w", err)
		}
	}
	return readPepper(path, 0o077)
}

// ReadPepper reads the pepper that several gateways share: at least 32 bytes in
// hexadecimal, as "openssl rand -hex 32" writes them. The group may have read
// permission, since secrets are mounted into containers that way; others may
// not.
func ReadPepper(path string) (*Pepper, error) { return readPepper(path, 0o027) }

// readPepper reads a file that has none of the forbidden permissions.
func readPepper(path string, forbidden os.FileMode) (*Pepper, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("pepper: %w", err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("pepper: %w", err)
	}
	if mode := info.Mode().Perm(); mode&forbidden != 0 {
		return nil, fmt.Errorf("pepper %s: its mode %#o lets others at it", path, mode)
	}
	text := make([]byte, pepperMost)
	n, err := f.Read(text)
	if err != nil && n == 0 {
		return nil, fmt.Errorf("pepper %s: %w", path, err)
	}
	key, err := hex.DecodeString(string(bytes.TrimSpace(text[:n])))
	if err != nil || len(key) < pepperSize || n == pepperMost {
		return nil, fmt.Errorf("pepper %s: it is not %d or more hexadecimal digits", path, 2*pepperSize)
	}
	return &Pepper{key}, nil
}

// makePepper gives a new pepper its file name only when it is complete and on
// the disk. If another process was faster, its pepper stays.
func makePepper(path string) (err error) {
	var key [pepperSize]byte
	_, _ = rand.Read(key[:]) // it never fails
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, PepperFile+".*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(f.Name())) }()
	_, err = fmt.Fprintf(f, "%x\n", key)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return syncDir(dir)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Where CheckPepper stores its mark.
const (
	pepperCollection = "meta"
	pepperKey        = "pepper"
	pepperMark       = "saltern token pepper v1"
)

// CheckPepper returns [ErrPepper] if a store was begun with another pepper than
// p: with the wrong one every token would look unknown. The first gateway
// leaves a mark in the store for this check.
func CheckPepper(ctx context.Context, s Documents, p *Pepper) error {
	mark := p.sum(pepperMark)
	_, err := s.PutDocument(ctx, pepperCollection, Document{Key: pepperKey, Value: mark[:]})
	if !errors.Is(err, ErrConflict) {
		return err
	}
	there, err := s.Document(ctx, pepperCollection, pepperKey)
	if err != nil {
		return err
	}
	if !hmac.Equal(there.Value, mark[:]) {
		return ErrPepper
	}
	return nil
}
