package audit

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
)

func TestOfToken(t *testing.T) {
	t.Parallel()
	here := issuer.Origin{Addr: netip.MustParseAddr("192.0.2.7"), Agent: "curl/8"}
	ci := apitoken.Owner{Eauth: "pam", User: "ci"}
	api := apitoken.Record{ID: "api", Kind: apitoken.KindAPI, Name: "deploy", Owner: ci, Profile: apitoken.ProfileNative, Scopes: []string{"web"}}
	access := apitoken.Record{ID: "access", Kind: apitoken.KindAccess, Owner: ci, Profile: apitoken.ProfileCSP, Scopes: []string{"web"}, Parent: "api"}
	robot := apitoken.Record{ID: "refresh", Kind: apitoken.KindRefresh, Owner: apitoken.Owner{ServiceAccount: "robot"}, Profile: apitoken.ProfileVCD}
	behind := func(id string) map[string]string { return map[string]string{"currentContext.refreshTokenId": id} }
	ops := issuer.Caller{User: "ops", Eauth: "ldap", LoggedIn: true, From: here}

	for name, c := range map[string]struct {
		event issuer.Event
		want  Entry
	}{
		"issued": {issuer.Event{What: issuer.Issued, At: noon, By: ops, Token: api}, Entry{
			Time: noon, Event: "issued", Outcome: OK, User: "ops", Eauth: "ldap",
			TokenID: "api", TokenName: "deploy", TokenKind: "api", TokenProfile: "native", Scopes: []string{"web"}, Owner: ci,
			Address: "192.0.2.7", Agent: "curl/8",
		}},
		"exchanged": {issuer.Event{What: issuer.Exchanged, By: issuer.Caller{From: here}, Token: api, Others: []string{"access"}}, Entry{
			Event: "exchanged", Outcome: OK, User: "ci", Eauth: "pam",
			TokenID: "api", TokenName: "deploy", TokenKind: "api", TokenProfile: "native", Scopes: []string{"web"}, Owner: ci,
			Others: []string{"access"}, Address: "192.0.2.7", Agent: "curl/8", AdditionalProperties: behind("api"),
		}},
		"exchanged by a service account": {issuer.Event{What: issuer.Exchanged, By: issuer.Caller{From: here}, Token: robot}, Entry{
			Event: "exchanged", Outcome: OK, TokenID: "refresh", TokenKind: "refresh", TokenProfile: "vcd", Owner: robot.Owner,
			Address: "192.0.2.7", Agent: "curl/8", AdditionalProperties: behind("refresh"),
		}},
		"refused": {issuer.Event{What: issuer.Refused, By: issuer.Caller{From: here}, Token: access, Why: "expired"}, Entry{
			Event: "refused", Outcome: Denied, Why: "expired",
			TokenID: "access", TokenKind: "access", TokenProfile: "csp", Scopes: []string{"web"}, Owner: ci,
			Address: "192.0.2.7", Agent: "curl/8", AdditionalProperties: behind("api"),
		}},
		"unknown": {issuer.Event{What: issuer.Refused, By: issuer.Caller{From: here}, Why: "unknown"}, Entry{
			Event: "refused", Outcome: Denied, Why: "unknown", Address: "192.0.2.7", Agent: "curl/8",
		}},
		"reused": {issuer.Event{What: issuer.Reused, By: issuer.Caller{From: here}, Token: robot, Why: "reused"}, Entry{
			Event: "reused", Outcome: Denied, Why: "reused", TokenID: "refresh", TokenKind: "refresh", TokenProfile: "vcd", Owner: robot.Owner,
			Address: "192.0.2.7", Agent: "curl/8", AdditionalProperties: behind("refresh"),
		}},
		"revoked by its holder": {issuer.Event{What: issuer.Revoked, By: issuer.Caller{From: here}, Token: access, Why: "revoked"}, Entry{
			Event: "revoked", Outcome: OK, Why: "revoked", User: "ci", Eauth: "pam",
			TokenID: "access", TokenKind: "access", TokenProfile: "csp", Scopes: []string{"web"}, Owner: ci,
			Address: "192.0.2.7", Agent: "curl/8", AdditionalProperties: behind("api"),
		}},
		"revoked by the operator": {issuer.Event{What: issuer.Revoked, By: issuer.Caller{Operator: true, From: issuer.Origin{Agent: "saltern 1"}}, Token: api}, Entry{
			Event: "revoked", Outcome: OK, Operator: true, Agent: "saltern 1",
			TokenID: "api", TokenName: "deploy", TokenKind: "api", TokenProfile: "native", Scopes: []string{"web"}, Owner: ci,
		}},
		"revoked as unused": {issuer.Event{What: issuer.Revoked, Token: robot, Why: "unused"}, Entry{
			Event: "revoked", Outcome: OK, Why: "unused", TokenID: "refresh", TokenKind: "refresh", TokenProfile: "vcd", Owner: robot.Owner,
		}},
		"a role": {issuer.Event{What: issuer.Changed, By: ops, Subject: "role web"}, Entry{
			Event: "changed", Outcome: OK, User: "ops", Eauth: "ldap", Subject: "role web", Address: "192.0.2.7", Agent: "curl/8",
		}},
		"by a token": {issuer.Event{What: issuer.Changed, Subject: "role web", By: issuer.Caller{
			Principal: &issuer.Principal{TokenID: "access", RefreshTokenID: "api", User: "ci", Eauth: "pam"},
		}}, Entry{Event: "changed", Outcome: OK, User: "ci", Eauth: "pam", Subject: "role web", AdditionalProperties: behind("api")}},
	} {
		require.Equal(t, c.want, OfToken(c.event), name)
	}

	var e Entry
	e.By(&issuer.Principal{
		TokenID: "access", RefreshTokenID: "api", Kind: apitoken.KindAccess, Profile: apitoken.ProfileCSP,
		Owner: apitoken.Owner{ServiceAccount: "robot"}, User: "ci", Eauth: "pam", ScopeNames: []string{"web"},
	})
	require.Equal(t, Entry{
		User: "ci", Eauth: "pam", TokenID: "access", TokenKind: "access", TokenProfile: "csp", Scopes: []string{"web"},
		Owner: apitoken.Owner{ServiceAccount: "robot"}, AdditionalProperties: behind("api"),
	}, e)
}
