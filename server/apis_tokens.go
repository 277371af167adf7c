package server

import (
	"slices"

	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/records/schedule"
	"github.com/saltern-api/saltern/server/audit/auditapi"
	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/csp"
	"github.com/saltern-api/saltern/server/jobs"
	"github.com/saltern-api/saltern/server/netapi"
	"github.com/saltern-api/saltern/server/oauth"
	"github.com/saltern-api/saltern/server/oauth/tenant"
	"github.com/saltern-api/saltern/server/rpc"
	"github.com/saltern-api/saltern/server/rpc/accounts"
	"github.com/saltern-api/saltern/server/rpc/method"
	"github.com/saltern-api/saltern/server/rpc/schedules"
	"github.com/saltern-api/saltern/server/tokenapi"
	"github.com/saltern-api/saltern/server/tokens"
	"github.com/saltern-api/saltern/server/vcd"
	"github.com/saltern-api/saltern/server/web"
)

// Tokens issues API tokens and checks them. *issuer.Service is one, and the
// errors are those of package issuer.
type Tokens interface {
	tokens.Tokens
	caller.Tokens
	netapi.Tokens

	method.Rights
	accounts.Accounts
}

var _ Tokens = (*issuer.Service)(nil)

// Issuer issues tokens to programs. *issuer.Service is one.
type Issuer interface {
	csp.Issuer
	oauth.Issuer
	vcd.Issuer
}

var _ Issuer = (*issuer.Service)(nil)

// TokenAPIs are the APIs from which programs of OAuth, Cloud Services and Cloud
// Director get their tokens.
type TokenAPIs struct {
	// Issuer issues the tokens. If it is nil, there are none of these APIs.
	Issuer Issuer

	// NoCSP removes the paths of Cloud Services, NoVCD those of OAuth and Cloud
	// Director, and NoRPC those of SaltStack Config.
	NoCSP, NoVCD, NoRPC bool

	// Eauth is the eauth module for a user name and password without one; ""
	// stands for pam.
	Eauth string

	// Orgs are the organizations besides System, which every gateway has. An
	// organization is a Salt master.
	Orgs []string

	// QueryTokens accepts API tokens in the query string too, as old scripts
	// for Cloud Services send them. Proxies then write them into their logs.
	QueryTokens bool
}

// mountTokens adds the APIs for tokens to a surface. Requests without a route
// that are in an area of these APIs get the API's errors.
func (s *Server) mountTokens(m *web.Mux, surface Surface, resolver *caller.Resolver, urls web.URLs, acl *caller.ACL) {
	if s.cfg.Tokens != nil {
		(&tokens.API{Tokens: s.cfg.Tokens, Callers: resolver}).Mount(m)
		(&auditapi.API{Reader: s.auditReader, Rights: s.cfg.Tokens, Callers: resolver}).Mount(m)
	}
	with := s.cfg.TokenAPIs
	realm := tokenapi.Realm{URLs: urls, Metadata: !with.NoVCD}
	var areas tokenapi.Areas
	if with.Issuer != nil {
		callers := tokenapi.Callers{Lookup: resolver}
		logins := &tokenapi.Logins{Sessions: s.cfg.Sessions, Eauth: with.Eauth, Allows: acl.Allows}
		if users, ok := s.cfg.Tokens.(tokenapi.Users); ok && !with.NoRPC {
			logins.Users = users
		}
		orgs := tenant.NewOrgs(with.Orgs...)
		if !with.NoCSP {
			(&csp.API{Issuer: with.Issuer, Callers: callers, Realm: realm, Orgs: orgs, QueryTokens: with.QueryTokens}).Mount(m)
			areas = csp.Areas()
		}
		account := &tokenapi.Account{
			Callers: callers, Logins: logins, Realm: realm, JWTs: s.cfg.JWTs, CrossOrigin: resolver.CrossOrigin,
		}
		if !with.NoCSP || !with.NoRPC {
			account.Mount(m, "")
			areas = append(areas, tokenapi.AccountArea(""))
		}
		if !with.NoRPC {
			account.Mount(m, rpc.Below)
			api := &rpc.API{
				Callers: callers, Logins: logins, Realm: realm, JWTs: s.cfg.JWTs, CrossOrigin: resolver.CrossOrigin,
				MaxCalls: s.cfg.Settings.Limits.MaxChunks, Version: s.cfg.Version,
			}
			s.completeRPC(api, surface, resolver)
			api.Mount(m)
			areas = slices.Concat(areas, rpc.Areas())
		}
		if !with.NoVCD {
			(&oauth.API{
				Issuer: with.Issuer, Callers: callers, Realm: realm, Orgs: orgs, VerificationPath: vcd.DeviceLookupPath,
			}).Mount(m)
			(&vcd.API{
				Issuer: with.Issuer, Callers: callers, Logins: logins, Realm: realm, Orgs: orgs, CrossOrigin: resolver.CrossOrigin,
			}).Mount(m)
			areas = slices.Concat(areas, oauth.Areas(), vcd.Areas())
		}
	}
	m.NotFound(realm.Unrouted(m, areas, m.Handler(netapi.NotFound)))
	m.NotAllowed(realm.Unrouted(m, areas, m.Handler(netapi.NotAllowed(m))))
}

// completeRPC gives /rpc what it runs commands with, and the records.
func (s *Server) completeRPC(api *rpc.API, surface Surface, resolver *caller.Resolver) {
	calls := s.calls(surface, resolver)
	api.Gateway, api.Authority, api.Clients, api.Ran = s.cfg.Gateway, resolver, calls.Clients, s.calledMetrics.Count
	api.MasterID, api.Following = s.cfg.MasterID, s.following
	if s.cfg.Tokens != nil { // a nil pointer in an interface is not nil
		api.Rights, api.Accounts = s.cfg.Tokens, s.cfg.Tokens
	}
	if s.jobs != nil {
		reader := jobs.NewReader(s.jobsAPI(resolver))
		api.Records, api.Minions, api.Writer = reader, reader, s.cfg.Jobs.Writer
		api.Library, api.Upkeep = s.cfg.Jobs.Library, s.cfg.Jobs.Upkeep
		api.Schedules, api.WakeSchedules = s.cfg.Jobs.Schedules, s.cfg.Jobs.WakeSchedules
		api.Values = s.cfg.Jobs.Values
	}
	if s.cfg.Audit.Log != nil {
		api.AuditLog = s.auditReader
	}
	if standings, ok := s.cfg.Tokens.(schedules.Standings); ok {
		api.Standings = standings
	}
}

// Scheduled returns what runs schedules as those who saved them, or nil where there are
// none.
func (s *Server) Scheduled() schedule.Runner {
	standings, ok := s.cfg.Tokens.(schedules.Standings)
	if !ok || s.cfg.Jobs.Schedules == nil || s.cfg.TokenAPIs.Issuer == nil || s.cfg.TokenAPIs.NoRPC {
		return nil
	}
	resolver := s.resolver(nil)
	api := &rpc.API{Logins: &tokenapi.Logins{Sessions: s.cfg.Sessions, Eauth: s.cfg.TokenAPIs.Eauth}}
	s.completeRPC(api, Main, resolver)
	api.Authority = schedules.ScheduledAuthority{Standings: standings}
	f := api.Firing()
	f.Audit, f.Arguments, f.Log = s.cfg.Audit.Log, s.cfg.Audit.Arguments, s.log
	return f
}
