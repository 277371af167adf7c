package session_test

import (
	"context"
	"crypto/sha256"
	"fmt"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/session"
	"github.com/saltern-api/saltern/eauth/session/memory"
)

// noTokens is a master's token store that holds nothing.
type noTokens struct{}

func (noTokens) LookupToken(context.Context, string) (eauth.Token, bool, error) {
	return eauth.Token{}, false, nil
}
func (noTokens) Remove(context.Context, string) error                  { return nil }
func (noTokens) RemoveHashed(context.Context, [sha256.Size]byte) error { return nil }
func (noTokens) Local() bool                                           { return true }

func Example() {
	auth := eauth.New(eauth.Options{Eauths: []string{"pam"}, HashType: "sha256"})
	s := session.New(session.Options{Store: memory.New(), Auth: auth, Tokens: noTokens{}})
	defer s.Close()
	_, ok, err := s.Resolve(context.Background(), "0123456789abcdef0123456789abcdef01234567")
	fmt.Println(ok, err) // no session has this id
	// Output: false <nil>
}
