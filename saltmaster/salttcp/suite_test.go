package salttcp_test

import (
	"testing"

	"github.com/saltern-api/saltern/saltmaster/reqpool/peertest"
	"github.com/saltern-api/saltern/saltmaster/salttcp"
)

func TestProtocol(t *testing.T) {
	peertest.Suite{Protocol: salttcp.Protocol(), Options: peertest.Options{Wire: peertest.NewTCP}, NoHandshake: true}.Run(t)
}
