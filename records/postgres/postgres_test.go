package postgres_test

import (
	"context"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/saltern-api/saltern/internal/killtest"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/records/postgres"
	"github.com/saltern-api/saltern/records/postgres/pgtest"
	"github.com/saltern-api/saltern/records/recordstest"
)

// childEnv is the environment variable with the URL for the child of TestKilled.
const childEnv = "SALTERN_TEST_RECORDS"

func TestMain(m *testing.M) {
	if url := os.Getenv(childEnv); url != "" {
		s, err := postgres.Open(postgres.Options{URL: url})
		if err == nil {
			err = recordstest.Workload(context.Background(), s, os.Stdout)
		}
		if err != nil {
			os.Exit(1)
		}
	}
	goleak.VerifyTestMain(m)
}

func open(t testing.TB, url, master string) records.Store {
	t.Helper()
	s, err := postgres.Open(postgres.Options{URL: url, Master: master})
	require.NoError(t, err)
	return s
}

// TestDatabases needs one server, which stays up.
func TestDatabases(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	for name, test := range map[string]func(*testing.T, *pgtest.Server){
		"store": testStore, "migrate": testMigrate, "newer schema": testNewerSchema,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, server)
		})
	}
}

func testStore(t *testing.T, server *pgtest.Server) {
	template := server.Database(t)
	s := open(t, template, "")
	require.NoError(t, s.Ping(t.Context()))
	require.NoError(t, s.Close())
	opening := func(url string) recordstest.Open {
		return func(t testing.TB, master string) records.Store { return open(t, url, master) }
	}
	recordstest.Run(t,
		func(t *testing.T) recordstest.Open { return opening(server.Database(t)) },
		func(t *testing.T) recordstest.Open { return opening(server.Copy(t, template)) })
}

// TestServerEnds needs a server that can be killed.
func TestServerEnds(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	t.Run("killed", func(t *testing.T) { testKilled(t, server) })
	t.Run("away", func(t *testing.T) { testAway(t, server) })
}

func testKilled(t *testing.T, server *pgtest.Server) {
	for range 2 {
		for _, whole := range []bool{true, false} { // kill the gateway alone, or the server
			url := server.Database(t)
			cmd, out := killtest.Child(t, childEnv+"="+url)
			done := killtest.Read(t, out, 20, 120, func() {
				if whole {
					require.NoError(t, cmd.Process.Kill())
				} else {
					server.Kill() // and the child ends with an error
				}
			})
			require.Error(t, cmd.Wait())
			if !whole {
				server.Start()
			}
			s := open(t, url, "")
			recordstest.RequireDone(t, s, done)
			require.NoError(t, s.Close())
		}
	}
}

// A store outlives the end of its server.
func testAway(t *testing.T, server *pgtest.Server) {
	s := open(t, server.Database(t), "")
	defer func() { require.NoError(t, s.Close()) }()
	server.Kill()
	b := records.Batch{Jobs: []records.Job{{JID: "20261122133409055051"}}}
	require.ErrorIs(t, s.Ping(t.Context()), records.ErrUnavailable)
	_, err := s.Put(t.Context(), b)
	require.ErrorIs(t, err, records.ErrUnavailable)
	server.Start()
	require.Eventually(t, func() bool { return s.Ping(t.Context()) == nil }, recordstest.Patience, recordstest.Pause)
	_, err = s.Put(t.Context(), b)
	require.NoError(t, err)
	server.Kill()
	_, err = s.Put(t.Context(), b)
	require.ErrorIs(t, err, records.ErrUnavailable)
	server.Start()
	require.Eventually(t, func() bool {
		_, err = s.Job(t.Context(), b.Jobs[0].JID, false)
		return err == nil
	}, recordstest.Patience, recordstest.Pause)
}

// No error has the password of a URL.
func TestSecret(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"postgres://ops:hunter2@127.0.0.1:1/records?connect_timeout=1",
		"host=127.0.0.1 port=1 user=ops password=hunter2",
		"postgres://ops:hunter2@:x/records",
		"host='x password=hunter2",
	} {
		s, err := postgres.Open(postgres.Options{URL: url})
		if err == nil {
			err = s.Ping(t.Context())
			require.ErrorIs(t, err, records.ErrUnavailable)
			require.NoError(t, s.Close())
		} else {
			require.ErrorIs(t, err, postgres.ErrURL)
		}
		require.NotContains(t, err.Error(), "hunter2")
	}
}

func BenchmarkStore(b *testing.B) {
	s := open(b, pgtest.Start(b).Database(b), "")
	recordstest.Bench(b, s)
	require.NoError(b, s.Close())
}
