package certtest_test

import (
	"crypto/tls"
	"fmt"
	"testing"

	"github.com/saltern-api/saltern/internal/certtest"
)

func Example() {
	var t testing.TB = new(testing.T)
	ca := certtest.New(t, nil)
	server := certtest.New(t, ca)
	fmt.Println(len((&tls.Config{Certificates: []tls.Certificate{server.TLS()}}).Certificates), ca.Pool() != nil)
	// Output: 1 true
}
