// Package issuer issues API tokens and checks them. It is the one service behind
// all profiles: the native API, the one that is compatible with Cloud Services, and
// the OAuth endpoints that are compatible with Cloud Director.
//
//	s, err := issuer.New(issuer.Options{Store: store, Pepper: pepper, Owners: owners})
//	defer s.Close()
//
//	secret, record, err := s.Create(ctx, caller, issuer.NewToken{
//		Name: "ci", Scopes: []string{"User"}, Lifetime: issuer.For(180*24*time.Hour), Profile: apitoken.ProfileNative,
//	})
//	x, err := s.Exchange(ctx, secret.Reveal(), issuer.Request{Profile: apitoken.ProfileCSP, From: client})
//	p, ok, err := s.Check(ctx, x.Access.Reveal(), client)
//	d, err := s.ActAs(ctx, p) // d.Session.Token is the Salt token for the master
//	defer d.Release(ctx)
//
// # What a token may do
//
// A token may do what its scopes allow and what its owner may do at that moment. For
// commands the master decides the second, since it receives a Salt token of the
// owner. For what the gateway keeps itself (tokens, roles, service accounts, the
// audit log) this package decides it, by the roles that the operator assigns to
// users: see [Options.LoginRoles] and [Options.Assignments]. A scope never adds a
// right: any user may request the scope Superuser, and the token may then do what
// its owner may do, and no more.
//
// A caller with an API token or an access token does not get the rights to tokens and
// service accounts that [role.Described] marks LoginOnly, whatever the scopes and the
// owner, nor with one of Cloud Director's those to users and roles that it marks Edits. Neither does a caller with a Salt token that is not of a
// login here: that token is valid for half a day, and must not be turned into tokens
// that last for years.
//
// # Revocation
//
// Results of look-ups are not cached. Each request looks its token up in the store,
// so the first one after a revocation is refused, in every gateway. Roles and the
// owner's groups are cached for some seconds at most. Where the store does not
// answer, requests fail with [apitoken.ErrUnavailable].
//
// # Guesses
//
// An unknown token, an expired one and a revoked one get the same answer after the
// same work. Failures are counted in the store, per address prefix and per secret;
// after too many, look-ups are refused for a while. Secrets that were valid before
// from the same prefix are not affected.
//
// The package may import eauth with its session and throttle, apitoken, role,
// internal/expiry, internal/fair and internal/lru.
package issuer
