package zmtp_test

import (
	"testing"

	"github.com/saltern-api/saltern/saltmaster/reqpool/peertest"
	"github.com/saltern-api/saltern/saltmaster/zmtp"
	"github.com/saltern-api/saltern/saltmaster/zmtp/zmtptest"
)

func TestProtocol(t *testing.T) {
	peertest.Suite{Protocol: zmtp.Protocol(), Options: peertest.Options{Wire: zmtptest.New}}.Run(t)
}
