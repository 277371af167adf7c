package bounded_test

import (
	"bytes"
	"fmt"

	"github.com/saltern-api/saltern/saltmaster/internal/bounded"
)

func Example() {
	message := bytes.NewReader([]byte("a reply"))
	body, err := bounded.Read(message, 7)
	fmt.Println(string(body), err)
	_, err = bounded.Read(message, 7)
	fmt.Println(bounded.Unexpected(err))
	// Output:
	// a reply <nil>
	// unexpected EOF
}
