package lru_test

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/internal/lru"
)

func TestTheLeastRecentlyUsedGoesFirst(t *testing.T) {
	t.Parallel()
	c := lru.New[string, int](2)

	c.Put("a", 1)
	c.Put("b", 2)
	_, ok := c.Get("a")
	require.True(t, ok)

	evicted, ok := c.Put("c", 3)
	require.True(t, ok)
	require.Equal(t, 2, evicted)
	require.Equal(t, map[string]int{"a": 1, "c": 3}, maps.Collect(c.All()))
}

func TestPutReplacesWithoutEvicting(t *testing.T) {
	t.Parallel()
	c := lru.New[string, int](1)

	c.Put("a", 1)
	_, evicted := c.Put("a", 2)
	require.False(t, evicted)

	v, ok := c.Get("a")
	require.True(t, ok)
	require.Equal(t, 2, v)
}

func TestDelete(t *testing.T) {
	t.Parallel()
	c := lru.New[string, int](0) // a limit under one is one

	c.Put("a", 1)
	c.Delete("a")
	c.Delete("never there")
	_, ok := c.Get("a")
	require.False(t, ok)
	require.Zero(t, c.Len())
}
