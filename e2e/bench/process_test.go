package main

import (
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestStatTime(t *testing.T) {
	t.Parallel()
	require.Equal(t, 370*time.Millisecond, statTime([]byte(
		"17 (odd) name 1) S 1 17 17 0 -1 4194560 9 0 0 0 25 12 99 99 20 0 8 0 123 456 789")))
	require.Zero(t, statTime([]byte("17 (x) S 1")))
	require.Zero(t, statTime(nil))
}

func TestStatusBytes(t *testing.T) {
	t.Parallel()
	status := []byte("Name:\tsaltern\nVmHWM:\t   20480 kB\nVmRSS:\t    1024 kB\nThreads:\t9\n")
	require.EqualValues(t, 1<<20, statusBytes(status, "VmRSS:"))
	require.EqualValues(t, 20<<20, statusBytes(status, "VmHWM:"))
	require.Zero(t, statusBytes(status, "VmSwap:"))
}

func TestGroup(t *testing.T) {
	t.Parallel()
	m := group(syscall.Getpgrp()).memory()
	require.Positive(t, m.now)
	require.GreaterOrEqual(t, m.peak, m.now)
	require.Positive(t, m.own)
	require.Less(t, m.own, m.now)
	require.Zero(t, group(0).memory())
}
