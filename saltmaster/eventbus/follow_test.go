package eventbus

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A waiter that sends find_job for its job receives the answers in the same place.
func TestFollow(t *testing.T) {
	t.Parallel()
	p := newPublisher(t, FramingBare)
	b := p.start(nil)
	require.NoError(t, b.Ready(t.Context()))
	s, other := b.Subscribe(jid1), b.Subscribe(jid2)
	defer other.Close()
	p.send("salt/job/"+jid2+"/ret/early", []byte{0})
	requireEvent(t, other, "salt/job/"+jid2+"/ret/early", []byte{0})

	s.Follow(jid2)
	s.Follow(jid2)
	p.send("salt/job/"+jid2+"/ret/ms-0", []byte{1})
	p.send("salt/job/"+jid1+"/ret/ms-0", []byte{2})
	requireEvent(t, s, "salt/job/"+jid2+"/ret/ms-0", []byte{1})
	requireEvent(t, s, "salt/job/"+jid1+"/ret/ms-0", []byte{2})
	requireNone(t, s)

	s.Close()
	s.Follow(jid1)
	b.mu.Lock()
	defer b.mu.Unlock()
	require.NotContains(t, b.jobs, jid1)
	require.Equal(t, []*Sub{other}, b.jobs[jid2])
}

func TestFollowWhileExpecting(t *testing.T) {
	t.Parallel()
	p := newPublisher(t, FramingBare)
	b := p.start(nil)
	require.NoError(t, b.Ready(t.Context()))
	s := b.Expect("salt/run/")
	defer s.Close()
	s.Follow(jid2) // does nothing: it takes all runners already, and no job
	p.send("salt/job/"+jid2+"/ret/ms-0", []byte{1})
	p.send("salt/run/"+jid1+"/ret", []byte{2})
	requireEvent(t, s, "salt/run/"+jid1+"/ret", []byte{2})
	requireNone(t, s)
}

// A waiter without a goroutine is called when there is something to be read.
func TestAfterNext(t *testing.T) {
	t.Parallel()
	p := newPublisher(t, FramingBare)
	b := p.start(nil)
	require.NoError(t, b.Ready(t.Context()))
	s := b.Subscribe(jid1)
	called := make(chan string, 10)
	call := func(name string) func() { return func() { called <- name } }

	s.AfterNext(call("replaced"))
	s.AfterNext(call("first"))
	p.send("salt/job/"+jid1+"/ret/ms-0", []byte{1})
	require.Equal(t, "first", <-called)
	s.AfterNext(call("there is one"))
	require.Equal(t, "there is one", <-called)
	requireEvent(t, s, "salt/job/"+jid1+"/ret/ms-0", []byte{1})

	s.AfterNext(call("lost"))
	s.mark(ErrGap)
	require.Equal(t, "lost", <-called)
	_, err, ok := s.TryNext()
	require.True(t, ok)
	require.ErrorIs(t, err, ErrGap)

	s.AfterNext(call("closed"))
	s.Close()
	require.Equal(t, "closed", <-called)
	s.AfterNext(call("ended"))
	require.Equal(t, "ended", <-called)
	require.Empty(t, called)
}
