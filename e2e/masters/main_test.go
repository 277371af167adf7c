package masters

import (
	"os"
	"testing"

	"github.com/saltern-api/saltern/e2e/envtest"
)

// suite is what the tests of this package share: the program alone, as each has a master of its own.
var suite envtest.Suite

func TestMain(m *testing.M) { os.Exit(suite.Main(m)) }
