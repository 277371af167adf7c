package freeport_test

import (
	"fmt"
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/internal/freeport"
)

func ExampleFind() {
	port, err := freeport.Find()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(port > 1024)
	// Output: true
}

func TestAPortIsFree(t *testing.T) {
	t.Parallel()
	for range 50 {
		port, err := freeport.Find()
		require.NoError(t, err)
		require.GreaterOrEqual(t, port, 20000)
		require.Less(t, port, 30000)
		l, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", port))
		require.NoError(t, err)
		require.NoError(t, l.Close())
	}
}
