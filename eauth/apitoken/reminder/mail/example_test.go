package mail_test

import (
	"fmt"

	"github.com/saltern-api/saltern/eauth/apitoken/reminder/mail"
)

func Example() {
	owners, err := mail.New(mail.Options{Server: "mail.example.com:587", From: "saltern@example.com"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(owners.Name())
	// Output: mail
}
