package memory_test

import (
	"testing"

	"saltern/eauth/session"
	"saltern/eauth/session/memory"
	"saltern/eauth/session/sessiontest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	sessiontest.RunStore(t, func(*testing.T) session.Store { return memory.New() })
}
