package reach_test

import (
	"fmt"

	"github.com/saltern-api/saltern/eauth/apitoken/reminder/internal/reach"
)

func Example() {
	fmt.Println(reach.Loopback("127.0.0.1"), reach.Loopback("mail.example.com"))
	fmt.Println(reach.Line("550 no such user\r\nand more", 16))
	// Output:
	// true false
	// 550 no such user...
}
