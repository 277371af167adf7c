package rpctest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/eauth/session"
	"github.com/saltern-api/saltern/internal/budget"
	"github.com/saltern-api/saltern/internal/jsonobject"
	"github.com/saltern-api/saltern/internal/spool"
	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/server/audit"
	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/rpc/method"
	"github.com/saltern-api/saltern/server/web"
)

// Everything allows everyone everything.
type Everything struct{}

// May implements [method.Rights].
func (Everything) May(context.Context, issuer.Caller, role.Permission) error { return nil }

// Do calls one of some methods for the user bob, who may do everything, with a JSON object
// of arguments by their names. It returns the result as JSON, or the error as text.
func Do(methods []*method.Method, name, kwarg string) string {
	i := slices.IndexFunc(methods, func(m *method.Method) bool { return m.String() == name })
	if i < 0 || !methods[i].Served {
		return name + " is not served"
	}
	o, err := jsonobject.Parse([]byte(kwarg))
	if err != nil {
		return err.Error()
	}
	c := Call(context.Background(), methods[i])
	defer c.X.Spool.Close() //nolint:errcheck // it is in memory
	ret, err := c.Do(context.Background(), nil, o)
	if err != nil {
		return method.ErrorOf(err).Error()
	}
	if stream, ok := ret.(method.Streamed); ok {
		if err := stream(c.X.Spool); err != nil {
			return err.Error()
		}
		text, err := c.X.Spool.Since(0).Bytes()
		if err != nil {
			return err.Error()
		}
		return string(text)
	}
	return fmt.Sprintf("%s", ret)
}

// Call returns a call for the user bob, who may do everything.
func Call(ctx context.Context, m *method.Method) *method.Call {
	rec, ctx := audit.NewRecorder(ctx, nil, false, new(audit.Request))
	x := &web.Exchange{Start: time.Now(), Recorder: rec, Budget: budget.New(ctx, nil), Spool: (*spool.Store)(nil).New()}
	x.Budget.Known()
	by := &caller.Caller{User: "bob", Eauth: "pam", LoggedIn: true, Session: &session.Session{User: "bob", Eauth: "pam"}}
	return &method.Call{X: x, Method: m, Caller: by, Rights: Everything{}, Request: new(method.Request)}
}

// Master stands for a master, and for the authority of those who run commands on it. It
// has what wheel and runner functions return, as JSON by their names.
type Master map[string]string

// Run returns what the function of a command returns.
func (m Master) Run(_ context.Context, c lowstate.Call) (lowstate.Result, error) {
	client, _ := c.Chunks[0].Text("client")
	fun, _ := c.Chunks[0].Text("fun")
	text, ok := m[fun]
	if !ok {
		return lowstate.Result{}, &lowstate.Error{Kind: lowstate.Failed, Text: "there is no function " + fun}
	}
	var answer lowstate.Answer
	switch {
	case client == "wheel":
		answer = lowstate.WheelReturn{Raw: packed(`{"data":{"return":` + text + `}}`)}
	case client == "runner":
		answer = lowstate.RunnerReturn{Return: msgpack.InMemory(packed(text))}
	case strings.HasPrefix(client, "local"):
		answer = lowstate.Published{JID: text}
	default:
		answer = lowstate.Started{JID: text}
	}
	return lowstate.Result{Answers: []lowstate.Answer{answer}, Chunks: c.Chunks}, nil
}

func packed(text string) msgpack.Raw {
	raw, err := msgpack.AppendFromJSON(nil, json.RawMessage(text))
	if err != nil {
		panic(err)
	}
	return raw
}

// Authority returns an authority with the caller's identity.
func (Master) Authority(_ context.Context, c *caller.Caller) (lowstate.Authority, func(), error) {
	id := c.Identity()
	return lowstate.Authority{Token: "token", Identity: &id}, func() {}, nil
}

// Follow returns the context, which ends with nothing else.
func (Master) Follow(ctx context.Context, _ *caller.Caller, _ ...role.Permission) (context.Context, context.CancelFunc) {
	return context.WithCancel(ctx)
}
