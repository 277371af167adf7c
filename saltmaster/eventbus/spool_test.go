package eventbus

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/internal/spool"
)

// mebibyte returns an event's data, which differs from that of others.
func mebibyte(i int) []byte { return bytes.Repeat([]byte{byte(i)}, 1<<20) }

// What waits in a Sub is in files where it is much, and nothing is lost.
func TestWaitingEventsAreSpooled(t *testing.T) {
	t.Parallel()
	const events = 20
	for name, end := range map[string]func(*Sub){
		"all are read": func(s *Sub) {
			for i := range events {
				requireEvent(t, s, fmt.Sprintf("salt/job/%s/ret/ms-%d", jid1, i), mebibyte(i))
			}
			requireNone(t, s)
		},
		"some are read, and it is closed": func(s *Sub) {
			for i := range events / 2 {
				requireEvent(t, s, fmt.Sprintf("salt/job/%s/ret/ms-%d", jid1, i), mebibyte(i))
			}
			s.Close()
		},
		"it is bound to another job": func(s *Sub) {
			s.Bind(jid2)
			requireNone(t, s)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := spool.NewStore(spool.Options{
				Memory: 32 << 20, Create: func() (spool.File, error) { return spool.Unlinked(t.TempDir()) },
			})
			p := newPublisher(t, FramingPrefixed)
			b := p.start(func(o *Options) { o.Spool = store })
			s := b.Expect("salt/job/")
			defer s.Close()
			for i := range events {
				p.send(fmt.Sprintf("salt/job/%s/ret/ms-%d", jid1, i), mebibyte(i))
			}
			requireRead(t, b, events)
			require.LessOrEqual(t, b.waiting.Load(), int64(queueMemory))
			memory, disk := store.Held()
			require.LessOrEqual(t, memory, int64(queueMemory))
			require.Greater(t, disk, int64(10<<20))

			end(s)
			require.Zero(t, b.waiting.Load())
			memory, disk = store.Held()
			require.Zero(t, memory+disk)
			p.send("salt/job/"+jid2+"/ret/a", []byte{1})
			requireRead(t, b, events+1)
		})
	}
}

// A disk that is full loses events of the Sub that is too slow, which learns of
// it, and of no other.
func TestWaitingEventsWithoutRoom(t *testing.T) {
	t.Parallel()
	store := spool.NewStore(spool.Options{
		Memory: 1, Create: func() (spool.File, error) { return nil, errors.New("no space left on device") },
	})
	p := newPublisher(t, FramingBare)
	b := p.start(func(o *Options) { o.Spool = store })
	slow, other := b.Subscribe(jid1), b.Subscribe(jid2)
	defer slow.Close()
	defer other.Close()
	for i := range 6 {
		p.send(jid1, mebibyte(i))
	}
	p.send(jid2, []byte{9})
	requireEvent(t, other, jid2, []byte{9})
	for i := range 3 {
		requireEvent(t, slow, jid1, mebibyte(i))
	}
	_, err := slow.Next(soon(t))
	require.ErrorIs(t, err, ErrOverflow)
	requireNone(t, slow)
	p.send(jid1, []byte{7})
	requireEvent(t, slow, jid1, []byte{7})
}
