package security

import (
	"os"
	"testing"

	"github.com/saltern-api/saltern/e2e/envtest"
)

// suite is what the tests of this package share.
var suite = envtest.Suite{Minions: 3, WithoutSaltAPI: true}

func TestMain(m *testing.M) { os.Exit(suite.Main(m)) }
