package lowstate

import (
	"context"
	"errors"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/saltmaster"
)

// proof is a command's credentials for the master: a token, or else a login.
type proof struct {
	token string
	login saltmaster.Login
}

// withGrant sends a command with the caller's token. If the master does not accept the token, though the gateway
// expected it to, the command is sent once more, with another token of the grant: a command that was refused for its
// token was not run.
//
// If the grant is the caller's own credentials, they are sent once, and send may go on after ctx has ended and
// withGrant has returned. So send must use only the context that it is given, and must not touch data that others
// may read then.
func withGrant(ctx context.Context, grant eauth.Grant, send func(ctx context.Context, as proof) error) error {
	if h, ok := grant.(*eauth.CredentialGrant); ok {
		return h.Carry(ctx, func(ctx context.Context, c eauth.Credentials) (eauth.Verdict, error) {
			err := send(ctx, proof{login: saltmaster.Login{Eauth: c.Eauth, Username: c.Username, Password: c.Password}})
			return verdict(err), err
		})
	}
	token, err := grant.Token(ctx)
	if err != nil {
		return err
	}
	err = send(ctx, proof{token: token})
	if !errors.Is(err, saltmaster.ErrUnauthenticated) {
		return err
	}
	again, renewErr := grant.Renew(ctx, token)
	switch {
	case errors.Is(renewErr, eauth.ErrNoToken):
		return err
	case renewErr != nil:
		return renewErr
	}
	return send(ctx, proof{token: again})
}

// verdict returns what the master's reply to a command means for the credentials in it. A reply that names a user is
// the same for a wrong password and for a runner or wheel function that the user may not call.
func verdict(err error) eauth.Verdict {
	switch {
	case err == nil:
		return eauth.Right
	case errors.Is(err, saltmaster.ErrUnauthenticated):
		return eauth.Wrong
	case errors.Is(err, saltmaster.ErrNamed):
		return eauth.Unclear
	case errors.Is(err, saltmaster.ErrUnauthorized):
		return eauth.Right
	default:
		return eauth.NoVerdict
	}
}
