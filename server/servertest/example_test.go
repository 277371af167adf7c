package servertest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/server/servertest"
)

func Example() {
	_ = func(t *testing.T) {
		s := servertest.Start(t, servertest.Answering(`{"minion": true}`), nil)
		response, body := s.Send(t, "POST", "/", servertest.Ping)
		require.Equal(t, 200, response.StatusCode)
		require.Equal(t, `{"return": [{"minion": true}]}`, body)
	}
}
