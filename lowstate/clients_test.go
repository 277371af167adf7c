package lowstate

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A call may enable its own clients in place of the gateway's.
func TestClientsOfACall(t *testing.T) {
	t.Parallel()
	g := New(Options{Clients: Clients(testMaster()), Enabled: []string{"local", "wheel"}})
	for _, c := range []struct {
		client  string
		clients []string
		ok      bool
	}{
		{"wheel", nil, true},
		{"runner", nil, false},
		{"wheel", []string{"local", "runner"}, false},
		{"runner", []string{"local", "runner"}, true},
		{"local", []string{}, false},
	} {
		call := Call{Clients: c.clients, Chunks: []Chunk{Compose(
			Pair{"client", c.client}, Pair{"fun", "test.ping"}, Pair{"tgt", "*"}, Pair{"token", "a"})}}
		_, err := g.newRun(call).client(0)
		if c.ok {
			require.NoError(t, err, c)
			continue
		}
		require.ErrorContains(t, err, "Client disabled: '"+c.client+"'", c)
	}
}
