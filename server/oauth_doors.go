package server

import (
	"context"
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/oauth/tenant"
	"github.com/saltern-api/saltern/server/web"
)

// DoorOptions set up the APIs by which programs of Cloud Services and of Cloud
// Director (VCD) get and use their tokens.
type DoorOptions struct {
	// Tokens gives out tokens and checks them. Without it there are no doors.
	Tokens TokenService

	// NoCSP takes the paths of Cloud Services away, and NoVCD those of OAuth
	// and VCD.
	NoCSP, NoVCD bool

	// Eauth is the eauth module that checks a user name and password which
	// come without the name of one; "" stands for pam.
	Eauth string

	// Orgs are the organizations besides System, which every gateway has. An
	// organization is a Salt master.
	Orgs []string

	// QueryTokens takes API tokens from the query string too, as old scripts
	// for Cloud Services send them. Proxies write them into their logs then.
	QueryTokens bool
}

// doors are the endpoints of Cloud Services, OAuth and VCD. They are part of
// the main surface.
type doors struct {
	*shared
	with   DoorOptions
	tokens TokenService
	orgs   tenant.Orgs
}

func newDoors(s *shared, o DoorOptions) *doors {
	own := *s
	if own.resolver != nil {
		who := *own.resolver
		who.Tokens, _ = o.Tokens.(caller.Tokens)
		own.resolver = &who
	}
	d := &doors{shared: &own, with: o, tokens: o.Tokens}
	if d.with.Eauth == "" {
		d.with.Eauth = "pam"
	}
	d.orgs = tenant.NewOrgs(o.Orgs...)
	return d
}

// routes adds the doors. The main surface has taken a slash at the end of a
// path off before it comes here.
func (d *doors) routes(r chi.Router) {
	if !d.with.NoCSP {
		d.cspRoutes(r)
	}
	if !d.with.NoVCD {
		d.oauthRoutes(r)
		d.vcdRoutes(r)
	}
}

func (d *doors) base(r *http.Request) string { return d.urls.Base(r) }

type doorOrgKey struct{}

// inOrg has handlers work for the organization in the path, or for System.
func (d *doors) inOrg(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o, ok := tenant.System, true
		if name := chi.URLParam(r, "org"); name != "" {
			o, ok = d.orgs.Named(name)
		}
		if !ok {
			d.door(writeOAuthVCDError, func(*exchange, *http.Request) error {
				return &web.Error{Status: http.StatusNotFound, Code: web.CodeInvalidRequest, Text: "there is no such organization"}
			})(w, r)
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), doorOrgKey{}, o)))
	})
}

// orgOf is the organization that inOrg found.
func orgOf(r *http.Request) tenant.Org { return r.Context().Value(doorOrgKey{}).(tenant.Org) }
