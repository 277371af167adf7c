package signedpost_test

import (
	"fmt"
	"time"

	"github.com/saltern-api/saltern/internal/signedpost"
)

// A receiver checks a signature.
func ExampleVerify() {
	secret, body, at := []byte("a shared secret"), []byte(`{"event": "job.ended"}`), time.Unix(1_800_000_000, 0)
	header := signedpost.Sign(secret, at, body)
	fmt.Println(header)
	fmt.Println(signedpost.Verify(secret, header, body, at, 5*time.Minute))
	fmt.Println(signedpost.Verify(secret, header, body, at.Add(time.Hour), 5*time.Minute))
	// Output:
	// t=1800000000,v1=79dc66d8630006625cc7704c8c7759237c3dc226c3544e960de06daf0b1f0a17
	// <nil>
	// the signature is not good
}
