package commands

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/internal/jsonobject"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/server/rpc/method"
	"github.com/saltern-api/saltern/server/rpc/saved"
)

// FromJob fills in what a saved job says about a command, and returns the job. replaced
// means that positional arguments take the place of the job's: what is run is not what
// was saved then.
func (c *Call) FromJob(ctx context.Context, p *RouteParams) (o saved.Item, replaced bool, err error) {
	if c.Library() == nil {
		return o, false, &method.Error{Code: method.CodeNotFound, Message: "there is no such job"}
	}
	if err := c.May(ctx, role.JobRun); err != nil {
		return o, false, err
	}
	if o, err = c.Seen(ctx, records.SavedJob, p.JobUUID, saved.MayRead); err != nil {
		return o, false, err
	}
	if err := c.stillTheSame(o); err != nil {
		return o, false, err
	}
	for name, given := range map[string][2]string{"cmd": {p.Cmd, o.Cmd}, "fun": {p.Fun, o.Fun}} {
		if given[0] != "" && given[0] != given[1] {
			return o, false, method.InvalidParameter(name, "the job has another one")
		}
	}
	if o.Cmd == "cloud" {
		return o, false, &method.Error{Code: method.CodeFailed, Message: "jobs of salt-cloud cannot be run here"}
	}
	p.Cmd, p.Fun = o.Cmd, o.Fun
	if len(p.Tgt) == 0 && p.TgtUUID == "" {
		p.TgtUUID = o.Tgt
	}
	job, err := jsonobject.Parse(o.Arg)
	if err != nil {
		return o, false, fmt.Errorf("read the arguments of job %s: %w", o.ID, err)
	}
	arg, given := json.RawMessage(job.Get("arg")), jsonobject.Object(nil)
	own, err := method.Arguments(p.Arg)
	if err != nil {
		return o, false, err
	}
	for _, f := range own {
		switch {
		case f.Key == "kwarg":
			if given, err = jsonobject.Parse(f.Value); err != nil {
				return o, false, method.InvalidParameter("arg", err.Error())
			}
		case !bytes.Equal(bytes.TrimSpace(f.Value), []byte("[]")):
			replaced = replaced || !sameJSON(f.Value, arg)
			arg = f.Value
		}
	}
	kwarg, err := saved.FillInputs(job.Get("kwarg"), given, false)
	if err != nil {
		return o, false, err
	}
	p.Arg = method.Object(`{"arg":` + string(arg) + `,"kwarg":` + string(kwarg) + `}`)
	return o, replaced, nil
}

// sameJSON reports whether two texts are the same JSON, with other blanks perhaps.
func sameJSON(a, b []byte) bool {
	var x, y bytes.Buffer
	return json.Compact(&x, a) == nil && json.Compact(&y, b) == nil && bytes.Equal(x.Bytes(), y.Bytes())
}

// stillTheSame returns an error if a schedule makes the call and may not run an object as
// it is now.
func (c *Call) stillTheSame(o saved.Item) error {
	if c.Unchanged == nil {
		return nil
	}
	return c.Unchanged(o)
}
