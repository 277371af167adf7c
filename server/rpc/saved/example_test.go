package saved_test

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/server/rpc/rpctest"
	"github.com/saltern-api/saltern/server/rpc/saved"
	"github.com/saltern-api/saltern/server/tokenapi"
)

// library has one saved job.
type library struct{ records.Library }

func (library) FindSaved(context.Context, records.SavedQuery) (records.SavedPage, error) {
	return records.SavedPage{Total: 1, Saved: []records.Saved{{
		Kind: records.SavedJob, ID: "60c14cfc-09ca-4b5a-bc76-8294287c2e6c", Name: "Check disk usage", Cmd: "local", Fun: "disk.usage", User: "bob", Eauth: "pam",
		Body: json.RawMessage(`{"arg": {"arg": [], "kwarg": {}}}`),
	}}}, nil
}

// Users find the jobs that they have saved.
func Example() {
	api := &saved.API{Library: library{}, Logins: new(tokenapi.Logins)}
	var page struct {
		Count   int
		Results []struct{ Name, Fun string }
	}
	if err := json.Unmarshal([]byte(rpctest.Do(api.Methods(), "job.get_jobs", `{"name": "disk"}`)), &page); err != nil {
		panic(err)
	}
	fmt.Println(page)
	// Output: {1 [{Check disk usage disk.usage}]}
}
