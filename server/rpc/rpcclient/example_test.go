package rpcclient_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/saltern-api/saltern/server/rpc/rpcclient"
)

// A program with an API token reads the saved jobs.
func Example() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"riq":1,"ret":{"count":1,"results":[{"uuid":"60c14cfc-09ca-4b5a-bc76-8294287c2e6c","name":"Check disk usage"}],"limit":50},"error":null,"warnings":[]}`)
	}))
	defer server.Close()

	c, err := rpcclient.New(rpcclient.Options{URL: server.URL, Token: "saltern_api_..."})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	jobs, err := c.GetJobs(context.Background(), rpcclient.GetJobs{Name: "disk"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(jobs.Count, jobs.Results[0].Name)
	// Output: 1 Check disk usage
}
