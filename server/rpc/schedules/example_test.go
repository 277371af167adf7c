package schedules_test

import (
	"context"
	"fmt"

	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/server/rpc/commands"
	"github.com/saltern-api/saltern/server/rpc/fleet"
	"github.com/saltern-api/saltern/server/rpc/rpctest"
	"github.com/saltern-api/saltern/server/rpc/run"
	"github.com/saltern-api/saltern/server/rpc/saved"
	"github.com/saltern-api/saltern/server/rpc/schedules"
)

// store has a schedule of bob's and one of carol's.
type store struct{ schedulesOfAll }

type schedulesOfAll = records.Schedules

const ofBob, ofCarol = "60c14cfc-09ca-4b5a-bc76-000000000001", "60c14cfc-09ca-4b5a-bc76-000000000002"

func (store) Schedule(_ context.Context, id string) (records.Schedule, error) {
	user := map[string]string{ofBob: "bob", ofCarol: "carol"}[id]
	return records.Schedule{ID: id, User: user, Eauth: "pam"}, nil
}

func (store) DeleteSchedule(context.Context, string) error { return nil }

type standings struct{ schedules.Standings }

// Users remove their own schedules, and do not see those of others.
func Example() {
	master := rpctest.Master{}
	library := &saved.API{Schedules: store{}}
	api := &schedules.API{
		Commands:  &commands.API{Fleet: &fleet.API{Run: &run.API{Saved: library, Gateway: master, Authority: master}}},
		Schedules: store{}, Standings: standings{},
	}
	fmt.Println(rpctest.Do(api.Methods(), "schedule.remove", `{"uuid": "`+ofBob+`"}`))
	fmt.Println(rpctest.Do(api.Methods(), "schedule.remove", `{"uuid": "`+ofCarol+`"}`))
	// Output:
	// true
	// there is no such schedule
}
