package operator

import (
	"log/slog"
	"os"
	"testing"

	"github.com/saltern-api/saltern/eauth/apitoken/redis"
)

func TestMain(m *testing.M) {
	redis.LogTo(slog.New(slog.DiscardHandler)) // of those that are stopped
	os.Exit(m.Run())
}
