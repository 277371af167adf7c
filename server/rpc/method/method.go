package method

import (
	"context"
	"encoding/json"
	"reflect"
	"strings"

	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/internal/jsonobject"
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

	Served bool // whether what it needs is there

	decode func(args []json.RawMessage, kwarg jsonobject.Object) (any, *Error)
	run    func(ctx context.Context, c *Call, params any) (any, error)
}

// String returns the name with the resource.
func (m *Method) String() string { return m.Resource + "." + m.Name }

// About is what a declaration says beside its function.
type About struct {
	Name    string // with the resource
	Doc     string
	Returns string
	Needs   []role.Permission
	Rights  string
	Served  bool // whether what it needs is there: others are neither served nor discovered
}

// New declares a method whose parameters are the fields of P: see paramsOf. The
// result of run is encoded as JSON.
func New[P any](a About, run func(ctx context.Context, c *Call, p P) (any, error)) *Method {
	params := paramsOf(reflect.TypeFor[P]())
	m := &Method{Doc: a.Doc, Returns: a.Returns, Needs: a.Needs, Rights: a.Rights, Params: params, Served: a.Served}
	m.Resource, m.Name, _ = strings.Cut(a.Name, ".")
	m.decode = func(args []json.RawMessage, kwarg jsonobject.Object) (any, *Error) {
		p := new(P)
		if err := decode(params, args, kwarg, reflect.ValueOf(p).Elem()); err != nil {
			return nil, err
		}
		return *p, nil
	}
	m.run = func(ctx context.Context, c *Call, p any) (any, error) { return run(ctx, c, p.(P)) }
	return m
}

// None is the parameters of a method without any.
type None struct{}
