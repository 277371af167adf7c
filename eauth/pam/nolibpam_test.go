//go:build !(linux && cgo)

package pam

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth"
)

func TestBuiltWithoutPAM(t *testing.T) {
	t.Parallel()
	b := New(Options{Mint: &paper{}})
	require.ErrorIs(t, b.Check(), ErrNotBuilt)

	_, ok, err := b.Authenticate(t.Context(), alice)
	require.False(t, ok)
	require.ErrorIs(t, err, eauth.ErrUnavailable)
	require.ErrorContains(t, err, "built without PAM")
}
