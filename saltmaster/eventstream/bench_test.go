package eventstream

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/saltern-api/saltern/saltmaster/eventbus"
)

// BenchmarkReaders shows what an event costs with 500 readers of all events.
func BenchmarkReaders(b *testing.B) {
	const readers = 500
	bus := &fakeBus{}
	h := New(Options{Tap: bus.tap, Events: 1 << 16})
	defer h.Close()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var all sync.WaitGroup
	for range readers {
		r, err := h.Read(Request{})
		if err != nil {
			b.Fatal(err)
		}
		all.Go(func() {
			defer r.Close()
			for range b.N {
				if _, err := r.Next(ctx); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	event := eventbus.Event{Tag: "salt/job/20260101000000000001/ret/ms-0", Data: fromJSON(b, `{"return": "`+strings.Repeat("x", 500)+`"}`)}
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		bus.say(said{event: event})
	}
	all.Wait()
}
