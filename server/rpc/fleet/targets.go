package fleet

import (
	"context"

	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/server/rpc/method"
	"github.com/saltern-api/saltern/server/rpc/saved"
)

// targetMethods are those about saved targets for which minions are found.
func (a *API) targetMethods() []*method.Method {
	return []*method.Method{
		declare(a, method.About{
			Name: "tgt.get_target_group_minions", Doc: "Return the minions that a target matches, by what the master has on disk of them. None of them is asked. " +
				"Globs and lists are looked for here, other targets by the master's own `cache.grains`.",
			Returns: "an object with a list of minions for the master", Needs: []role.Permission{role.TargetRead}, Served: a.runs(),
		}, getTargetMinions),
	}
}

type getTargetMinionsParams struct {
	UUID string        `rpc:"tgt_uuid" format:"uuid" doc:"A saved target."`
	Tgt  method.Object `rpc:"tgt" doc:"Any target, in place of tgt_uuid: an object with tgt and tgt_type for a master, or for *."`
}

func getTargetMinions(ctx context.Context, c *Call, p getTargetMinionsParams) (any, error) {
	switch {
	case p.UUID == "" && len(p.Tgt) == 0:
		return nil, method.InvalidParameter("tgt_uuid", "it is missing")
	case p.UUID != "" && len(p.Tgt) > 0:
		return nil, method.InvalidParameter("tgt", "it excludes tgt_uuid")
	}
	var t saved.Target
	if p.UUID == "" {
		var wrong *method.Error
		if t, wrong = saved.ParseTarget("tgt", p.Tgt); wrong != nil {
			return nil, wrong
		}
	}
	f, err := c.Fleet(ctx)
	if err != nil {
		return nil, err
	}
	var ids []string
	if p.UUID != "" {
		ids, err = f.InSaved(ctx, p.UUID)
	} else {
		ids, err = f.in(ctx, t)
	}
	if err != nil {
		return nil, err
	}
	return map[string][]string{c.api.MasterID: append([]string{}, ids...)}, nil
}
