package redact_test

import (
	"fmt"
	"os"

	"github.com/saltern-api/saltern/eauth/internal/redact"
)

func ExampleError() {
	const token = "5a5a5a5a"
	_, err := os.Open("/nowhere/" + token)
	fmt.Println(redact.Error(err, token))
	// Output: open /nowhere/(token): no such file or directory
}
