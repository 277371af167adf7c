package auditapi_test

import (
	"context"
	"encoding/json"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/server"
	"github.com/saltern-api/saltern/server/audit"
	"github.com/saltern-api/saltern/server/openapi"
	"github.com/saltern-api/saltern/server/servertest"
)

const ping = `[{"client": "local", "tgt": "*", "fun": "test.ping"}]`

// start starts a server whose gateway runs every command for saltdev. Without a
// log the audit log is off.
func start(t *testing.T, log server.AuditLog) *servertest.Tokens {
	t.Helper()
	g := servertest.Gateway(func(_ context.Context, call *servertest.Call) ([][]byte, error) {
		call.Records = []lowstate.Record{{
			User: "saltdev", Eauth: "pam", Client: "local", Fun: "test.ping", Known: true, Begun: true, Done: true,
		}}
		return [][]byte{[]byte("{}")}, nil
	})
	return servertest.StartTokens(t, g, func(c *server.Config) { c.Audit.Log = log })
}

func TestReadAudit(t *testing.T) {
	t.Parallel()
	log, err := audit.Open(audit.Options{File: filepath.Join(t.TempDir(), "audit.jsonl")})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, log.Close()) })
	r := start(t, log)
	for range 25 {
		head, _ := r.Send(t, "POST", "/", ping, servertest.AuthToken+servertest.SessionID)
		require.Equal(t, 200, head.StatusCode)
	}
	type page struct {
		Entries []audit.Entry
		Next    string
	}
	read := func(query string) (p page) {
		t.Helper()
		head, text := r.Send(t, "GET", "/v1/audit?"+query, "", servertest.AuthToken+servertest.SessionID)
		require.Equal(t, 200, head.StatusCode, text)
		require.Equal(t, "no-store", head.Header.Get("Cache-Control"))
		require.NoError(t, json.Unmarshal([]byte(text), &p))
		return p
	}
	for _, order := range []string{"newest", "oldest"} {
		var all []audit.Entry
		query := "event=command&user=saltdev&limit=7&order=" + order
		for p := read(query); ; p = read(query + "&after=" + p.Next) {
			all = append(all, p.Entries...)
			if p.Next == "" {
				break
			}
		}
		require.Len(t, all, 25)
		require.Equal(t, order == "oldest", all[0].Time.Before(all[24].Time))
	}
	require.Len(t, read("event=audit_read").Entries, 2, "one for all pages")
	require.Empty(t, read("since=2020-01-01T00:00:00Z&until=1d").Entries)
	require.Len(t, read("since=1h&fun=test.ping&client=local&outcome=ok&limit=3").Entries, 3)

	for query, says := range map[string]string{
		"since=yesterday": `neither a time`, "limit=0x": "limit", "limit=1001": "limit", "order=best": "newest or oldest",
		"after=x": "no place", "who=x": "no such parameter", "user=a&user=b": "twice",
	} {
		head, text := r.Send(t, "GET", "/v1/audit?"+query, "", servertest.AuthToken+servertest.SessionID)
		require.Equal(t, 400, head.StatusCode, query)
		require.Contains(t, text, says)
	}

	// A token may read it if its scopes and its owner have the right.
	auditor, _ := r.Create(t, `{"name": "auditor", "scopes": ["Administrator"]}`)
	head, _ := r.Send(t, "GET", "/v1/audit", "", servertest.AuthToken+auditor)
	require.Equal(t, 200, head.StatusCode)
	head, _ = r.Send(t, "HEAD", "/v1/audit", "", servertest.AuthToken+auditor)
	require.Equal(t, 200, head.StatusCode)
	reader, _ := r.Create(t, `{"name": "reader", "scopes": ["Read-only"]}`)
	head, _ = r.Send(t, "GET", "/v1/audit", "", servertest.AuthToken+reader)
	require.Equal(t, 403, head.StatusCode)
	head, _ = r.Send(t, "GET", "/v1/audit", "", servertest.AuthToken+servertest.SaltToken)
	require.Equal(t, 403, head.StatusCode, "a Salt token is not enough")
	head, _ = r.Send(t, "GET", "/v1/audit", "")
	require.Equal(t, 401, head.StatusCode)

	off := start(t, nil)
	head, text := off.Send(t, "GET", "/v1/audit", "", servertest.AuthToken+servertest.SessionID)
	require.Equal(t, 404, head.StatusCode)
	require.Contains(t, text, "The audit log is off")
}

// The description contains every field of a line.
func TestAuditEntryIsDescribed(t *testing.T) {
	t.Parallel()
	var doc struct {
		Components struct {
			Schemas map[string]struct{ Properties map[string]any }
		}
	}
	require.NoError(t, yaml.Unmarshal(openapi.Document(), &doc))
	var fields []string
	for f := range reflect.TypeFor[audit.Entry]().Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		fields = append(fields, name)
	}
	slices.Sort(fields)
	require.Equal(t, fields, slices.Sorted(maps.Keys(doc.Components.Schemas["AuditEntry"].Properties)))
}
