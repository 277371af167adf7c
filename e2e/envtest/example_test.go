package envtest_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/e2e/envtest"
)

func Example() {
	var t *testing.T        // the test's own
	var suite envtest.Suite // the package's, whose TestMain calls suite.Main
	suite.EachRelease(t, func(t *testing.T, r *env.Env) {
		witness := envtest.NewWitness(t, r)
		a := envtest.Post(t, r, `[{"client": "local"}]`)
		require.Equal(t, http.StatusUnauthorized, a.Status)
		witness.RequireIdle(t)
	})
}
