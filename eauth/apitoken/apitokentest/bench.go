package apitokentest

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/apitoken"
)

// BenchmarkLookup looks up tokens in a store with ten thousand of them.
func BenchmarkLookup(b *testing.B, s apitoken.Store) {
	b.Helper()
	const tokens = 10_000
	for n := range tokens {
		require.NoError(b, s.Create(b.Context(), issue(apitoken.KindAccess, fmt.Sprint(n))))
	}
	find := func(b *testing.B, n int) {
		if _, err := s.Lookup(b.Context(), hash(fmt.Sprint(n%tokens))); err != nil {
			b.Error(err)
		}
	}
	b.Run("one", func(b *testing.B) {
		b.ReportAllocs()
		for n := 0; b.Loop(); n++ {
			find(b, n)
		}
	})
	b.Run("many", func(b *testing.B) {
		b.ReportAllocs()
		b.SetParallelism(16)
		b.RunParallel(func(pb *testing.PB) {
			for n := 0; pb.Next(); n++ {
				find(b, n)
			}
		})
	})
}
