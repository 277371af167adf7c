package session_test

import (
	"path/filepath"
	"testing"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/master"
	"github.com/saltern-api/saltern/eauth/session"
	"github.com/saltern-api/saltern/eauth/session/bolt"
)

// BenchmarkResolve measures what a session adds to a request.
func BenchmarkResolve(b *testing.B) {
	store, err := bolt.Open(filepath.Join(b.TempDir(), "sessions.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close() //nolint:errcheck // the benchmark is over
	tokens := &salt{}
	s := session.New(session.Options{Store: store, Tokens: tokens, Auth: eauth.New(eauth.Options{
		Eauths: []string{"ldap"}, HashType: "sha256", Master: master.New(tokens, master.Options{}),
	})})
	defer s.Close()
	sess, ok, err := s.Login(b.Context(), creds("ldap", "alice"))
	if !ok || err != nil {
		b.Fatal(ok, err)
	}
	for name, credential := range map[string]string{"id": sess.ID, "token": sess.Token} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, ok, err := s.Resolve(b.Context(), credential); !ok || err != nil {
					b.Fatal(ok, err)
				}
			}
		})
	}
}
