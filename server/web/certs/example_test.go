package certs_test

import (
	"fmt"
	"log/slog"
	"os"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/saltern-api/saltern/server/web/certs"
)

// A gateway without a key pair makes one for itself.
func Example() {
	dir, err := os.MkdirTemp("", "certs")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	cache := certs.NewCache(dir, slog.New(slog.DiscardHandler), certs.NewMetrics(prometheus.NewRegistry()))
	pair, err := cache.Get(certs.KeyPair{})
	if err != nil {
		fmt.Println(err)
		return
	}
	cert, err := pair.ForHandshake(nil)
	fmt.Println(cert.Leaf.Subject.Organization, err)
	// Output: [Saltern self-signed] <nil>
}
