package webhook_test

import (
	"fmt"

	"github.com/saltern-api/saltern/eauth/apitoken/reminder/webhook"
)

func Example() {
	hook, err := webhook.New(webhook.Options{URL: "https://chat.example.com/hooks/saltern", Secret: []byte("a shared secret")})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(hook.Name())
	// Output: webhook
}
