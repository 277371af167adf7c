package issuer_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
)

// An error is found by its kind, by the kind that this is a special case of, and by
// its cause.
func TestError(t *testing.T) {
	t.Parallel()
	cause := errors.New("the cause")
	for _, c := range []struct {
		err          *issuer.Error
		is, isNot    []error
		client, logs string
	}{
		{
			&issuer.Error{Kind: issuer.LoginRequired},
			[]error{issuer.LoginRequired, issuer.Forbidden}, []error{issuer.InvalidGrant},
			"this is not allowed with a token of this kind", "this is not allowed with a token of this kind",
		},
		{
			&issuer.Error{Kind: issuer.OwnerIdle},
			[]error{issuer.OwnerIdle, issuer.InvalidGrant}, []error{issuer.Forbidden},
			"the token is not valid: its owner has not logged in for too long",
			"the token is not valid: its owner has not logged in for too long",
		},
		{
			&issuer.Error{Kind: issuer.Forbidden, Err: cause},
			[]error{issuer.Forbidden, cause}, []error{issuer.LoginRequired},
			"this is not allowed", "this is not allowed: the cause",
		},
		{
			issuer.Errorf(issuer.Invalid, "name: %w", cause),
			[]error{issuer.Invalid, cause}, []error{issuer.Conflict},
			"not valid: name: the cause", "not valid: name: the cause",
		},
	} {
		wrapped := fmt.Errorf("somewhere: %w", c.err)
		for _, is := range c.is {
			require.ErrorIs(t, wrapped, is)
		}
		for _, not := range c.isNot {
			require.NotErrorIs(t, wrapped, not)
		}
		require.Equal(t, c.client, c.err.ClientText())
		require.EqualError(t, c.err, c.logs)
	}
}
