// Package issuer gives out API tokens and says what they are worth. It is the
// one service behind every API: the native API, the one that looks like
// Cloud Services, and the OAuth one that looks like Cloud Director.
//
//	s, err := issuer.New(issuer.Options{Store: store, Pepper: pepper, Owners: owners})
//	defer s.Close()
//
//	secret, record, err := s.Create(ctx, caller, issuer.NewToken{
//		Name: "ci", Scopes: []string{"User"}, Lifetime: issuer.For(180*24*time.Hour), Profile: apitoken.ProfileNative,
//	})
//	x, err := s.Exchange(ctx, secret.Reveal(), issuer.Request{Profile: apitoken.ProfileCSP, From: client})
//	p, ok, err := s.Check(ctx, x.Access.Reveal(), client)
//	a, err := s.ActAs(ctx, p) // a.Session.Token is what the master gets to see
//	defer a.Release(ctx)
//
// # What a token may do
//
// A token may do what its scopes allow and what its owner may do at that
// moment. For commands the second is decided by the master, who sees a Salt
// token of the owner. For what the gateway keeps itself (tokens, roles,
// service accounts, the audit log) it is decided here, by the roles that the
// operator gives to users: see [Options.LoginRoles] and [Options.Assignments].
// So a scope never adds a right: anybody may ask for the scope Superuser, and
// has then a token that may do whatever its owner may do, and no more.
//
// Who came in through an API token or an access token has none of the rights
// to tokens, users, roles and service accounts that [role.Described] marks
// LoginOnly, whatever the scopes and whoever the owner. Nor has who showed a
// Salt token without having logged in here: that is good for half a day, and
// must not become something that lasts for years.
//
// # Revoked is revoked
//
// What is known of a secret is not kept. Each request looks its token up in
// the store, and so the first one after a revocation is refused, in every
// gateway. Roles and the owner's groups are kept for some seconds at most.
// A store that does not answer is an error, [apitoken.ErrUnavailable], and no
// pass.
//
// # Guessing
//
// A token that is unknown, one that has expired and one that was revoked get
// the same answer after the same work. Failures are counted in the store, per
// address and per secret, and who has too many is refused without a look-up
// for a while; that does not touch secrets that were right before.
//
// The package imports eauth, and what is below it.
package issuer
