package memory_test

import (
	"testing"

	"github.com/saltern-api/saltern/eauth/session"
	"github.com/saltern-api/saltern/eauth/session/memory"
	"github.com/saltern-api/saltern/eauth/session/sessiontest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	sessiontest.RunStore(t, func(*testing.T) session.Store { return memory.New() })
}
