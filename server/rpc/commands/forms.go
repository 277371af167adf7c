package commands

import (
	"cmp"
	"encoding/json"

	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/server/rpc/method"
	"github.com/saltern-api/saltern/server/web"
)

// fullReturn returns a return in the form in which minions send it. The value is that
// of the return, as JSON.
func (a *API) fullReturn(j records.Job, r records.Return, value json.RawMessage) []byte {
	members := membersOf(j, r)
	members["cmd"], members["master_id"] = "_return", a.MasterID
	text := web.JSON(members)
	return append(append(append(text[:len(text)-1], `,"return":`...), value...), '}')
}

// membersOf returns the members of a return, but for its value.
func membersOf(j records.Job, r records.Return) map[string]any {
	m := map[string]any{
		"_stamp": method.TimeText(r.Time), "fun": cmp.Or(r.Fun, j.Fun), "fun_args": argumentsOf(j), "id": r.Minion, "jid": r.JID,
		"retcode": r.Retcode, "success": r.Success,
	}
	if r.Omitted {
		m["omitted"] = true // larger than what is recorded; the master's job cache may have it
	}
	return m
}

// valueOf returns the value of a return as JSON; null if it is not recorded.
func valueOf(r records.Return) json.RawMessage {
	if len(r.Value) == 0 {
		return json.RawMessage("null")
	}
	return lowstate.AppendReturn(nil, r.Value)
}

// argumentsOf returns the arguments of a command as a list, as they are recorded.
func argumentsOf(j records.Job) json.RawMessage {
	switch {
	case method.IsNull(j.Arguments):
		return json.RawMessage("[]")
	case j.Arguments[0] == '[':
		return j.Arguments
	}
	return append(append(json.RawMessage("["), j.Arguments...), ']')
}
