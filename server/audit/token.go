package audit

import (
	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
)

// By sets the caller to the holder of a token.
func (e *Entry) By(p *issuer.Principal) {
	e.User, e.Eauth = p.User, p.Eauth
	e.TokenID, e.TokenName, e.TokenKind, e.TokenProfile = p.TokenID, p.Name, p.Kind, p.Profile
	e.Scopes, e.Owner = p.ScopeNames, p.Owner
	e.AdditionalProperties = p.AuditContext()
}

// OfToken returns an event of package issuer as an entry.
func OfToken(ev issuer.Event) Entry {
	e := Entry{
		Time: ev.At, Event: ev.What, Outcome: OK, Why: ev.Why,
		User: ev.By.User, Eauth: ev.By.Eauth, Operator: ev.By.Operator,
		Others: ev.Others, Subject: ev.Subject, Agent: ev.By.From.Agent,
	}
	if ev.By.From.Addr.IsValid() {
		e.Address = ev.By.From.Addr.String()
	}
	if p := ev.By.Principal; p != nil {
		e.User, e.Eauth, e.AdditionalProperties = p.User, p.Eauth, p.AuditContext()
	}
	if r := ev.Token; r.ID != "" {
		e.TokenID, e.TokenName, e.TokenKind, e.TokenProfile = r.ID, r.Name, r.Kind, r.Profile
		e.Scopes, e.Owner = r.Scopes, r.Owner
		if r.Kind == apitoken.KindDevice {
			e.TokenName = "" // the user code
		}
	}
	switch ev.What {
	case issuer.Refused, issuer.Reused:
		e.Outcome = Denied
	}
	if byItself(ev) {
		e.carriedOutWith(ev)
	}
	return e
}

// byItself reports whether the token was used on itself: then the event has no
// caller.
func byItself(ev issuer.Event) bool {
	c := ev.By
	return c.User == "" && c.Principal == nil && !c.Operator && c.From != (issuer.Origin{}) && ev.Token.ID != ""
}

// carriedOutWith sets the token that was shown. The holder of a token that is
// no longer valid has proved nothing; then only Owner is set.
func (e *Entry) carriedOutWith(ev issuer.Event) {
	id := ev.Token.ID
	if ev.Token.Kind == apitoken.KindAccess && ev.Token.Parent != "" {
		id = ev.Token.Parent
	}
	e.AdditionalProperties = (&issuer.Principal{RefreshTokenID: id}).AuditContext()
	if e.Outcome == OK {
		e.User, e.Eauth = ev.Token.Owner.User, ev.Token.Owner.Eauth
	}
}
