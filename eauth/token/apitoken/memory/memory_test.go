package memory_test

import (
	"testing"

	"saltern/eauth/token/apitoken"
	"saltern/eauth/token/apitoken/apitokentest"
	"saltern/eauth/token/apitoken/memory"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	apitokentest.Run(t, func(*testing.T) apitoken.Store { return memory.New() })
}

func BenchmarkLookup(b *testing.B) { apitokentest.BenchmarkLookup(b, memory.New()) }
