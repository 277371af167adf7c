package recordkeeper_test

import (
	"fmt"
	"log/slog"

	"github.com/saltern-api/saltern/internal/gateway/config"
	"github.com/saltern-api/saltern/internal/gateway/recordkeeper"
	"github.com/saltern-api/saltern/internal/settings"
)

func ExampleOpen() {
	c := &config.Config{Settings: &settings.Settings{Records: settings.Records{Store: settings.RecordsOff}}}
	store, err := recordkeeper.Open(c, slog.Default())
	fmt.Println(store, err)
	// Output: <nil> <nil>
}
