package jobs

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/server/audit"
	"github.com/saltern-api/saltern/server/web"
)

// Minions has the minions as the master's own files have them. No minion and no
// master is asked.
type Minions interface {
	// Keys returns what the wheel function key.list_all does: the ids by the name
	// of their list, such as minions_pre. The error is an [ErrNoKeys] or an
	// [ErrKeysAway].
	Keys(ctx context.Context) (map[string][]string, error)

	// Cached reports whether the files have what the master has cached of minions.
	// Otherwise Grains and Connected return nothing.
	Cached() bool

	// Grains returns the grains that a minion had when they were cached, as a map.
	Grains(id string) (msgpack.Raw, bool)

	// Connected returns whether minions are connected. Those of which that is not
	// known are left out.
	Connected(ids []string) map[string]bool
}

var (
	// ErrNoKeys means that only the master itself can list the keys.
	ErrNoKeys = errors.New("the keys of minions cannot be read from files")

	// ErrKeysAway means that the keys cannot be read now.
	ErrKeysAway = errors.New("the keys of minions cannot be read now")
)

// The states of keys, by the names of their lists, in the order in which they are
// shown.
var keyLists = []struct{ list, state string }{
	{"minions", "accepted"}, {"minions_pre", "pending"}, {"minions_rejected", "rejected"}, {"minions_denied", "denied"},
}

func keyStates() (all []string) {
	for _, l := range keyLists {
		all = append(all, l.state)
	}
	return all
}

// minion is a minion with a key at the master.
type minion struct {
	id       string
	keys     []string // the states of its keys; one is usual
	accepted bool
}

// shownMinion is a minion in /v1/minions, but for its grains. What the caller does
// not see is left out.
type shownMinion struct {
	ID        string    `json:"id"`
	Keys      []string  `json:"keys,omitempty"`
	Connected *bool     `json:"connected,omitempty"`
	LastJob   *shownJob `json:"last_job,omitempty"`
}

// minionQuery is the parameters of GET /v1/minions.
type minionQuery struct {
	id        string // whole, or its beginning and an asterisk
	key       string
	connected *bool
	grain     *grainFilter    // nil for none
	states    []records.State // of the last job
	from, to  time.Time       // of its start; to is exclusive
	after     string          // an id
	limit     int
}

// lastJob reports whether there is a filter by the last job.
func (q minionQuery) lastJob() bool { return len(q.states) > 0 || !q.from.IsZero() || !q.to.IsZero() }

// parseMinionQuery reads the parameters of GET /v1/minions. Errors are for the
// client.
func parseMinionQuery(raw string, now time.Time) (q minionQuery, err error) {
	err = web.EachParam(raw, func(name, value string) (err error) {
		switch name {
		case "id":
			q.id = value
			if begin, _ := strings.CutSuffix(value, "*"); value == "" || strings.Contains(begin, "*") {
				err = errors.New("it is no id, nor the beginning of one and an asterisk")
			}
		case "key":
			q.key, err = web.OneOf(keyStates(), value)
		case "connected":
			var is bool
			is, err = parseBool(value)
			q.connected = &is
		case "grain":
			q.grain, err = parseGrainFilter(value)
		case "last_job_state":
			q.states, err = parseStates(value)
		case "last_job_from":
			q.from, err = audit.ParseTime(value, now)
		case "last_job_to":
			q.to, err = audit.ParseTime(value, now)
		case "limit":
			q.limit, err = web.ParseLimit(value, records.MaxLimit)
		case "after":
			text, bad := base64.RawURLEncoding.Strict().DecodeString(value)
			if q.after = string(text); bad != nil || q.after == "" || len(q.after) > records.MaxFilter {
				err = errors.New("it is not one of a former page")
			}
		default:
			err = web.ErrUnknownParam
		}
		return err
	})
	if err == nil && !q.from.IsZero() && !q.to.IsZero() && q.to.Before(q.from) {
		err = web.InvalidParam("last_job_to", "it is before last_job_from")
	}
	return q, err
}

func (q minionQuery) selects(m minion) bool {
	if begin, ok := strings.CutSuffix(q.id, "*"); ok && !strings.HasPrefix(m.id, begin) || !ok && q.id != "" && q.id != m.id {
		return false
	}
	return m.id > q.after && (q.key == "" || slices.Contains(m.keys, q.key))
}

// known returns the minions that have a key, in the order of their ids.
func (a *API) known(ctx context.Context) ([]minion, error) {
	lists, err := a.Minions.Keys(ctx)
	switch {
	case errors.Is(err, ErrNoKeys):
		return nil, &web.Error{Status: http.StatusNotImplemented, Err: err,
			Text: "The keys of minions cannot be read from the master's files here, by its configuration or the setting lookups"}
	case errors.Is(err, ErrKeysAway):
		return nil, &web.Error{Status: http.StatusServiceUnavailable, Text: "The keys of minions cannot be read now", Err: err}
	case err != nil:
		return nil, err
	}
	byID := make(map[string]*minion)
	for _, l := range keyLists {
		for _, id := range lists[l.list] {
			m := byID[id]
			if m == nil {
				m = &minion{id: id}
				byID[id] = m
			}
			m.keys = append(m.keys, l.state)
			m.accepted = m.accepted || l.state == "accepted"
		}
	}
	all := make([]minion, 0, len(byID))
	for _, m := range byID {
		all = append(all, *m)
	}
	slices.SortFunc(all, func(a, b minion) int { return strings.Compare(a.id, b.id) })
	return all, nil
}

// minions answers GET /v1/minions.
func (a *API) minions(x *web.Exchange, r *http.Request, s sight) error {
	q, err := parseMinionQuery(r.URL.RawQuery, time.Now())
	if err != nil {
		return err
	}
	if (q.connected != nil || q.grain != nil) && !a.Minions.Cached() {
		return &web.Error{Status: http.StatusNotImplemented,
			Text: "The cached data of minions cannot be read from the master's files here, by its configuration: there is no filter by connected or grain"}
	}
	all, err := a.known(r.Context())
	if err != nil {
		return err
	}
	see := a.minionSight(s)
	if !see.keys {
		q.refuseKeys(&all)
	}
	all = slices.DeleteFunc(all, func(m minion) bool { return !q.selects(m) })
	page, more, err := a.pageOfMinions(r.Context(), s, see, q, all)
	if err != nil {
		return err
	}
	shown, err := a.showMinions(r.Context(), s, see, page)
	if err != nil {
		return err
	}
	out := struct {
		Minions []shownMinion `json:"minions"`
		Next    string        `json:"next,omitempty"`
	}{Minions: shown}
	if more {
		out.Next = base64.RawURLEncoding.EncodeToString([]byte(page[len(page)-1].id))
	}
	x.WriteJSON(http.StatusOK, web.JSON(out))
	return nil
}

// refuseKeys leaves of the minions those that a caller can find without the keys:
// the accepted ones. A filter by another state finds none.
func (q minionQuery) refuseKeys(all *[]minion) {
	*all = slices.DeleteFunc(*all, func(m minion) bool { return !m.accepted || q.key != "" && q.key != "accepted" })
}

// pageOfMinions returns the first minions that the caller sees, and whether there
// are more of them.
func (a *API) pageOfMinions(
	ctx context.Context, s sight, see minionSight, q minionQuery, all []minion,
) (page []minion, more bool, err error) {
	size := records.PageSize(q.limit)
	for chunk := range slices.Chunk(all, min(size+1, records.MaxLimit)) {
		if err := ctx.Err(); err != nil {
			return nil, false, err
		}
		chunk = slices.Clone(chunk)
		if !see.keys {
			allowed := see.reaches(idsOf(chunk), reachFuns()...)
			chunk = slices.DeleteFunc(chunk, func(m minion) bool { return !allowed[m.id] })
		}
		if chunk, err = a.filterMinions(ctx, s, see, q, chunk); err != nil {
			return nil, false, err
		}
		page = append(page, chunk...)
		if len(page) > size {
			return page[:size], true, nil
		}
	}
	return page, false, nil
}

// filterMinions returns those of some minions that the filters select which take more
// than the lists of keys. What the caller may not see of a minion, no filter finds out.
func (a *API) filterMinions(ctx context.Context, s sight, see minionSight, q minionQuery, all []minion) ([]minion, error) {
	if q.connected != nil {
		pings := see.pings(idsOf(all))
		is := a.Minions.Connected(idsOf(all))
		all = slices.DeleteFunc(all, func(m minion) bool {
			up, known := is[m.id]
			return !known || !m.accepted || up != *q.connected || !pings[m.id]
		})
	}
	if q.grain != nil {
		may := see.grainsOf(idsOf(all))
		all = slices.DeleteFunc(all, func(m minion) bool {
			if !m.accepted || !may[m.id] || ctx.Err() != nil {
				return true
			}
			grains, cached := a.Minions.Grains(m.id)
			return !cached || !q.grain.matches(grains)
		})
	}
	if !q.lastJob() || len(all) == 0 {
		return all, ctx.Err()
	}
	last, err := a.lastJobs(ctx, idsOf(all))
	return slices.DeleteFunc(all, func(m minion) bool {
		j, ok := last[m.id]
		return !ok || !s.job(j) || len(q.states) > 0 && !slices.Contains(q.states, j.State) ||
			j.Start.Before(q.from) || !q.to.IsZero() && !j.Start.Before(q.to)
	}), err
}

// lastJobs returns the last jobs of minions, by their ids, whoever may see them.
func (a *API) lastJobs(ctx context.Context, ids []string) (last map[string]records.Job, err error) {
	err = a.Records.read(ctx, func(ctx context.Context, from records.Reader) error {
		all, err := from.LastJobs(ctx, ids)
		last = make(map[string]records.Job, len(all))
		for _, l := range all {
			last[l.Minion] = l.Job
		}
		return err
	})
	return last, err
}

func idsOf(all []minion) []string {
	ids := make([]string, len(all))
	for i, m := range all {
		ids[i] = m.id
	}
	return ids
}

// showMinions returns what the caller sees of minions that it sees.
func (a *API) showMinions(ctx context.Context, s sight, see minionSight, page []minion) ([]shownMinion, error) {
	shown := make([]shownMinion, len(page))
	ids := idsOf(page)
	pings, is := see.pings(ids), a.Minions.Connected(ids)
	var last map[string]records.Job
	if len(ids) > 0 {
		var err error
		if last, err = a.lastJobs(ctx, ids); err != nil {
			return nil, err
		}
	}
	for i, m := range page {
		shown[i].ID = m.id
		if see.keys {
			shown[i].Keys = m.keys
		}
		if up, known := is[m.id]; known && m.accepted && pings[m.id] {
			shown[i].Connected = &up
		}
		if j, ok := last[m.id]; ok && s.job(j) {
			job := showJob(j)
			shown[i].LastJob = &job
		}
	}
	return shown, nil
}

// minion answers GET /v1/minions/{id}.
func (a *API) minion(x *web.Exchange, r *http.Request, s sight) error {
	if err := web.NoParams(r.URL.RawQuery); err != nil {
		return err
	}
	all, err := a.known(r.Context())
	if err != nil {
		return err
	}
	see := a.minionSight(s)
	if !see.keys {
		(minionQuery{}).refuseKeys(&all)
	}
	id := web.Param(r, "id")
	all = slices.DeleteFunc(all, func(m minion) bool { return m.id != id })
	if len(all) == 0 || !see.keys && !see.reaches([]string{id}, reachFuns()...)[id] {
		return &web.Error{Status: http.StatusNotFound, Text: "There is no such minion"}
	}
	shown, err := a.showMinions(r.Context(), s, see, all)
	if err != nil {
		return err
	}
	grains, cached := msgpack.Raw(nil), false
	if all[0].accepted && see.grains(id) {
		grains, cached = a.Minions.Grains(id)
	}
	text := web.JSON(shown[0])
	if !cached {
		x.WriteJSON(http.StatusOK, text)
		return nil
	}
	mark := x.Spool.Size()
	_, _ = x.Spool.Write(append(text[:len(text)-1], `,"grains":`...)) // an error stays
	if err := lowstate.WriteReturn(x.Spool, grains); err != nil {
		return fmt.Errorf("the grains: %w", err)
	}
	if _, err := x.Spool.WriteString("}"); err != nil {
		return err
	}
	return x.WriteSpooled(http.StatusOK, x.Spool.Since(mark))
}
