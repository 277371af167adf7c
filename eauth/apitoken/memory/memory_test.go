package memory_test

import (
	"testing"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/apitokentest"
	"github.com/saltern-api/saltern/eauth/apitoken/memory"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	apitokentest.Run(t, func(*testing.T) apitoken.Store { return memory.New() })
}

func BenchmarkLookup(b *testing.B) { apitokentest.BenchmarkLookup(b, memory.New()) }
