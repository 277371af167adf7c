package lowstate_test

import (
	"context"
	"fmt"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// greet is a client that needs no master: a job that returns at once.
type greet struct{}

func (greet) Name() string { return "greet" }

func (greet) Prepare(c lowstate.Chunk) (lowstate.Job, error) {
	fun, ok := c.Text("fun")
	if !ok {
		return nil, fmt.Errorf("fun must be a string")
	}
	return greeting{fun}, nil
}

type greeting struct{ fun string }

// Command returns the command for the rules, scopes and logs.
func (g greeting) Command() lowstate.Command { return lowstate.Command{Fun: g.fun} }

func (g greeting) Run(context.Context, eauth.Grant, *lowstate.Record) (lowstate.Answer, error) {
	return lowstate.RunnerReturn{Return: msgpack.InMemory(msgpack.AppendString(nil, g.fun+" is well"))}, nil
}

// A client of one's own beside those of [lowstate.Clients], and a call of it.
func Example() {
	gateway := lowstate.New(lowstate.Options{
		Clients: []lowstate.Client{greet{}}, Enabled: []string{"greet"}, Auth: eauth.New(eauth.Options{}),
	})
	chunks, err := lowstate.Parse(nil, []byte(`[{"client": "greet", "fun": "web1"}]`), 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	result, err := gateway.Run(context.Background(), lowstate.Call{
		Chunks:    chunks,
		Authority: lowstate.Authority{Identity: &eauth.Identity{User: "alice", Eauth: "pam"}},
	})
	fmt.Println(string(result.Answers[0].JSON()), result.Records[0].User, err)
	// Output: "web1 is well" alice <nil>
}
