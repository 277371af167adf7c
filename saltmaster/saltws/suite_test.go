package saltws_test

import (
	"testing"

	"github.com/saltern-api/saltern/saltmaster/reqpool/peertest"
	"github.com/saltern-api/saltern/saltmaster/saltws"
)

func TestProtocol(t *testing.T) {
	peertest.Suite{Protocol: saltws.Protocol(), Options: peertest.Options{Wire: peertest.NewWS}}.Run(t)
}
