package local_test

import (
	"context"
	"fmt"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/internal/local"
)

func ExampleFailures() {
	failures := local.NewFailures()
	failures.Add("client 7", time.Minute)
	fmt.Println(failures.Add("client 7", time.Minute).Count)
	failures.Clear("client 7")
	fmt.Println(failures.Get("client 7").Count)
	// Output:
	// 2
	// 0
}

func ExampleHub() {
	var hub local.Hub
	for notice := range hub.Watch(context.Background()) {
		fmt.Println(notice.Recheck, len(notice.Revoked))
		if !notice.Recheck {
			break
		}
		hub.Publish(apitoken.Notice{Revoked: []string{"token 1"}})
	}
	// Output:
	// true 0
	// false 1
}
