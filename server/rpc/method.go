package rpc

import (
	"context"
	"encoding/json"
	"reflect"
	"slices"
	"strings"

	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/server/audit"
	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/web"
)

// Method is a declared method.
type Method struct {
	Resource, Name string

	Doc     string // one or more sentences
	Returns string // what ret is, in words

	// Needs are permissions, of which the caller has one. Without any, each signed-in
	// caller may call the method, unless Rights says what the function requires.
	Needs  []role.Permission
	Rights string

	Params []Param

	decode func(args request) (any, *Error)
	run    func(ctx context.Context, c *call, params any) (any, error)
	served func(*API) bool // nil for always
}

// String returns the name with the resource.
func (m *Method) String() string { return m.Resource + "." + m.Name }

// about is what a declaration says beside its function.
type about struct {
	name    string // with the resource
	doc     string
	returns string
	needs   []role.Permission
	rights  string
	served  func(*API) bool
}

// method declares a method whose parameters are the fields of P: see paramsOf. The
// result of run is encoded as JSON.
func method[P any](a about, run func(ctx context.Context, c *call, p P) (any, error)) *Method {
	params := paramsOf(reflect.TypeFor[P]())
	m := &Method{Doc: a.doc, Returns: a.returns, Needs: a.needs, Rights: a.rights, Params: params, served: a.served}
	m.Resource, m.Name, _ = strings.Cut(a.name, ".")
	m.decode = func(r request) (any, *Error) {
		p := new(P)
		if err := decode(params, r.args, r.kwarg, reflect.ValueOf(p).Elem()); err != nil {
			return nil, err
		}
		return *p, nil
	}
	m.run = func(ctx context.Context, c *call, p any) (any, error) { return run(ctx, c, p.(P)) }
	return m
}

// none is the parameters of a method without any.
type none struct{}

// Methods returns all declared methods, in the order of their names.
func Methods() []*Method {
	all := slices.Concat(
		adminMethods(),
		apiMethods(),
		authMethods(),
		cmdMethods(),
		controlMethods(),
		fleetMethods(),
		fsMethods(),
		jobMethods(),
		minionsMethods(),
		retMethods(),
		scheduleMethods(), statsMethods(),
		testMethods(),
		tgtMethods(),
		auditMethods(),
		kvMethods(),
		licenseMethods(),
		masterMethods(),
	)
	slices.SortFunc(all, func(a, b *Method) int { return strings.Compare(a.String(), b.String()) })
	return all
}

// call is one call of a request, while it runs.
type call struct {
	api      *API
	x        *web.Exchange
	method   *Method
	by       *signedIn
	warnings []string
	done     *progress // of the request; nil for a call without one
	limit    *role.Set // of commands, beside the scopes of a token; nil for none
	endTurn  func()    // of [call.takeTurn]; nil without a turn

	held      *holder            // the caller, once it is known
	described map[string]string  // the descriptions of what is saved, by ids
	origin    lowstate.Origin    // the schedule that makes the call, if one does
	unchanged func(object) error // of that schedule: whether it may run what is saved
}

// caller returns who calls.
func (c *call) caller() *caller.Caller { return c.by.caller }

// warn adds a warning to the answer.
func (c *call) warn(text string) { c.warnings = append(c.warnings, text) }

// note writes into the audit log that something was changed or removed.
func (c *call) note(event, subject string) {
	audit.Of(c.x).Note(audit.Entry{Event: event, Outcome: audit.OK, Subject: subject})
}

// may returns an error unless the caller has one of some permissions.
func (c *call) may(ctx context.Context, one ...role.Permission) error {
	if len(one) == 0 {
		return nil
	}
	if c.api.Rights == nil {
		return &Error{Code: CodeForbidden, Message: textForbidden}
	}
	var err error
	for _, p := range one {
		if err = c.api.Rights.May(ctx, c.caller().Issuer(), p); err == nil {
			return nil
		}
	}
	return err
}

const textForbidden = "You are not allowed to do this"

// do runs a call, and returns its result: JSON, or one that is streamed.
func (c *call) do(ctx context.Context, r request) (any, error) {
	if err := c.may(ctx, c.method.Needs...); err != nil {
		return nil, err
	}
	p, wrong := c.method.decode(r)
	if wrong != nil {
		return nil, wrong
	}
	ret, err := c.method.run(ctx, c, p)
	if err != nil {
		return nil, err
	}
	switch ret := ret.(type) {
	case json.RawMessage:
		return ret, nil
	case streamed:
		return ret, nil
	}
	return json.RawMessage(web.JSON(ret)), nil
}
