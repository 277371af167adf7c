package servertest

import (
	"context"
	"encoding/json"
	"errors"
	"sync"

	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/server"
)

// Call is a call as a [Gateway] gets it, with the records that it returns.
type Call struct {
	lowstate.Call
	Records []lowstate.Record
}

// Result returns texts as the answers of the chunks.
func (c *Call) Result(texts [][]byte) lowstate.Result {
	answers := make([]lowstate.Answer, len(texts))
	for i, text := range texts {
		answers[i] = c.answer(i, text)
	}
	return lowstate.Result{Answers: answers, Chunks: c.Chunks, Records: c.Records}
}

// answer returns a text as an answer of the chunk's client.
func (c *Call) answer(i int, text []byte) lowstate.Answer {
	client := ""
	if i < len(c.Chunks) {
		client, _ = c.Chunks[i].Text("client")
	}
	packed, _ := msgpack.AppendFromJSON(nil, text) // empty for text that is not JSON
	var job struct {
		JID     string   `json:"jid"`
		Minions []string `json:"minions"`
	}
	switch {
	case client == "wheel":
		return lowstate.WheelReturn{Raw: packed}
	case client == "runner":
		return lowstate.RunnerReturn{Return: msgpack.InMemory(packed)}
	case client == "local_async" && json.Unmarshal(text, &job) == nil:
		return lowstate.Published{JID: job.JID, Minions: job.Minions}
	}
	return lowstate.Returns(text)
}

// Gateway is a gateway that returns what the function returns: a JSON text for
// each chunk.
type Gateway func(ctx context.Context, call *Call) ([][]byte, error)

var _ server.Gateway = Gateway(nil)

// Run implements [server.Gateway].
func (g Gateway) Run(ctx context.Context, call lowstate.Call) (lowstate.Result, error) {
	c := &Call{Call: call}
	answers, err := g(ctx, c)
	return c.Result(answers), err
}

// Streams reports true for calls whose last chunk names local_batch.
func (Gateway) Streams(call lowstate.Call) bool {
	if len(call.Chunks) == 0 {
		return false
	}
	name, _ := call.Chunks[len(call.Chunks)-1].Text("client")
	return name == "local_batch"
}

// RunStream implements [server.Gateway].
func (g Gateway) RunStream(
	ctx context.Context, call lowstate.Call, yield func(lowstate.Result, lowstate.Answer) error,
) (lowstate.Result, error) {
	c := &Call{Call: call}
	answers, err := g(ctx, c)
	for _, a := range c.Result(answers).Answers {
		if err := yield(c.Result(nil), a); err != nil {
			return c.Result(nil), err
		}
	}
	return c.Result(nil), err
}

// Clients implements [server.Gateway].
func (Gateway) Clients() []string { return []string{"local", "local_async", "runner"} }

// Answering returns a gateway with the same answer, in JSON, for each chunk.
func Answering(answer string) Gateway {
	return func(_ context.Context, call *Call) ([][]byte, error) {
		answers := make([][]byte, len(call.Chunks))
		for i := range answers {
			answers[i] = []byte(answer)
		}
		return answers, nil
	}
}

// Failing returns a gateway that refuses every call.
func Failing(err error) Gateway {
	return func(context.Context, *Call) ([][]byte, error) { return nil, err }
}

// Held is a gateway whose calls wait until Release is closed or they are
// canceled.
type Held struct {
	Gateway
	Started chan struct{} // gets a value for each call
	Release chan struct{}
}

// NewHeld returns a gateway for up to ten calls.
func NewHeld() *Held {
	h := &Held{Started: make(chan struct{}, 10), Release: make(chan struct{})}
	h.Gateway = func(ctx context.Context, _ *Call) ([][]byte, error) {
		h.Started <- struct{}{}
		select {
		case <-h.Release:
			return [][]byte{[]byte("1")}, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return h
}

// Hooks keeps the last event that was fired, and returns Err.
type Hooks struct {
	Err  error
	mu   sync.Mutex
	Tag  string
	Data map[string]any
}

// Fire implements [server.Hooks].
func (f *Hooks) Fire(_ context.Context, tag string, data msgpack.Raw) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	js, err := msgpack.AppendJSON(nil, data)
	if err == nil {
		f.Tag, f.Data = tag, nil
		err = json.Unmarshal(js, &f.Data)
	}
	return errors.Join(f.Err, err)
}
