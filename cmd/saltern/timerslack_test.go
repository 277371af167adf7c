//go:build linux && cgo

package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// Threads that are made later have the slack of the first one.
func TestTimerSlack(t *testing.T) {
	t.Parallel()
	slack, err := unix.PrctlRetInt(unix.PR_GET_TIMERSLACK, 0, 0, 0, 0)
	require.NoError(t, err)
	require.Equal(t, 2*time.Millisecond, time.Duration(slack))
}
