package remindertest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/reminder"
)

// Manner is the behavior of the far end.
type Manner int

// The manners.
const (
	Takes   Manner = iota // accepts, and reports that
	Refuses               // refuses, and reports that
	Silent                // reads everything, and does not respond
	Breaks                // reads everything, and closes the connection
)

// Far is the far end of a sender, on loopback.
type Far interface {
	// Sender returns a sender to the address, or to the far end itself if that
	// is empty.
	Sender(address string) reminder.Sender

	Set(m Manner)

	// Arrived receives each message that arrived completely, as its reader sees
	// it: all but the refused ones.
	Arrived() <-chan string
}

// Reminder returns the reminder that the suite sends.
func Reminder() reminder.Reminder {
	now := time.Now()
	return reminder.Reminder{Days: 7, At: now, Token: apitoken.Record{
		ID: apitoken.NewID(), Kind: apitoken.KindAPI, Name: "ci", Profile: apitoken.ProfileNative,
		Owner:  apitoken.Owner{Eauth: "pam", User: "alice"},
		Scopes: []string{"deploy-web", "Read-only"}, Remind: "alice@example.com",
		Created: now.Add(-24 * time.Hour), Issued: now.Add(-24 * time.Hour), Expires: now.Add(7 * 24 * time.Hour),
		LastUsed: apitoken.Use{At: now.Add(-time.Hour), Addr: netip.MustParseAddr("192.0.2.7"), Agent: "curl/8"},
	}}
}

// Run runs the suite. newFar is called for every part of it.
func Run(t *testing.T, newFar func(t *testing.T) Far) {
	t.Helper()
	for name, part := range map[string]func(*testing.T, Far){
		"sends":          testSends,
		"many at once":   testMany,
		"refused":        testRefused,
		"nobody listens": testNobody,
		"never answers":  testDeaf,
		"not begun":      testNotBegun,
		"no answer":      testSilent,
		"breaks off":     testBreaks,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			part(t, newFar(t))
		})
	}
}

func testSends(t *testing.T, far Far) {
	s, r := far.Sender(""), Reminder()
	require.NotEmpty(t, s.Name())
	require.True(t, s.Wants(r.Token))
	require.NoError(t, s.Send(t.Context(), r))
	got := <-far.Arrived()
	for _, part := range []string{r.Token.ID, "ci", "alice", "pam", "deploy-web", "Read-only", "192.0.2.7"} {
		require.Contains(t, got, part)
	}
	requireNothing(t, far)
}

func requireNothing(t *testing.T, far Far) {
	t.Helper()
	select {
	case got := <-far.Arrived():
		t.Fatal("this has arrived: " + got)
	default:
	}
}

func testMany(t *testing.T, far Far) {
	const many = 8
	s := far.Sender("")
	errs := make([]error, many)
	var all sync.WaitGroup
	for i := range many {
		r := Reminder()
		r.Token.Name = fmt.Sprint("token-", i)
		all.Go(func() { errs[i] = s.Send(t.Context(), r) })
	}
	all.Wait()
	require.NoError(t, errors.Join(errs...))
	for range many {
		<-far.Arrived()
	}
	requireNothing(t, far)
}

func testRefused(t *testing.T, far Far) {
	s := far.Sender("")
	far.Set(Refuses)
	require.ErrorIs(t, s.Send(t.Context(), Reminder()), reminder.ErrNotSent)
	requireNothing(t, far)
	far.Set(Takes)
	require.NoError(t, s.Send(t.Context(), Reminder()))
	<-far.Arrived()
}

// listener opens a port on which no connection is answered.
func listener(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func testNobody(t *testing.T, far Far) {
	l := listener(t)
	require.NoError(t, l.Close())
	require.ErrorIs(t, far.Sender(l.Addr().String()).Send(t.Context(), Reminder()), reminder.ErrNotSent)
}

func testDeaf(t *testing.T, far Far) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, far.Sender(listener(t).Addr().String()).Send(ctx, Reminder()), reminder.ErrNotSent)
}

func testNotBegun(t *testing.T, far Far) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, far.Sender("").Send(ctx, Reminder()), reminder.ErrNotSent)
	requireNothing(t, far)
}

func testSilent(t *testing.T, far Far) {
	far.Set(Silent)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		<-far.Arrived()
		cancel()
	}()
	requireUnknown(t, far.Sender("").Send(ctx, Reminder()))
	require.Error(t, ctx.Err(), "it had arrived")
}

func testBreaks(t *testing.T, far Far) {
	far.Set(Breaks)
	requireUnknown(t, far.Sender("").Send(t.Context(), Reminder()))
	<-far.Arrived()
	requireNothing(t, far)
}

func requireUnknown(t *testing.T, err error) {
	t.Helper()
	require.Error(t, err)
	require.NotErrorIs(t, err, reminder.ErrNotSent)
}
