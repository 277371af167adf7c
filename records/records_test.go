package records_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/records"
)

func TestStartOf(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 13, 34, 9, 55_051_000, time.UTC)
	for jid, want := range map[string]time.Time{
		"20261122133409055051":       at,
		"20261122133409055051_12345": at,
		"20261122133409055051x":      {},
		"2026112213340905505":        {},
		"20261322133409055051":       {},
		"req":                        {},
		"":                           {},
	} {
		start, ok := records.StartOf(jid)
		require.Equal(t, !want.IsZero(), ok, jid)
		require.True(t, start.Equal(want), jid)
	}
}

func TestOutcome(t *testing.T) {
	t.Parallel()
	for want, r := range map[records.Outcome]records.Return{
		records.OK:      {Success: true},
		records.NotOK:   {Success: true, Retcode: 2},
		records.Missing: {Missing: true},
	} {
		require.Equal(t, want, r.Outcome())
	}
	require.Equal(t, records.NotOK, records.Return{}.Outcome())
}

// schedules are none.
type schedules interface{ records.Schedules }

// puts is a store that remembers its batches.
type puts struct {
	records.Library
	schedules

	batches []records.Batch
	fail    error // of the second
}

func (p *puts) Put(_ context.Context, b records.Batch) (records.Changes, error) {
	if len(p.batches) > 0 && p.fail != nil {
		return records.Changes{}, p.fail
	}
	p.batches = append(p.batches, b)
	return records.Changes{Jobs: len(b.Jobs), Returns: len(b.Returns), Ended: make([]string, len(b.Ends))}, nil
}

func exported(returns int, last error) iter.Seq2[records.Entry, error] {
	return func(yield func(records.Entry, error) bool) {
		job := records.Job{JID: "20261122133409055051", Minions: []string{"web1", "web2"}, End: time.Unix(1, 0)}
		if !yield(records.Entry{Job: &job}, nil) || !yield(records.Entry{Return: &records.Return{Missing: true}}, nil) {
			return
		}
		for n := range returns {
			if !yield(records.Entry{Return: &records.Return{JID: job.JID, Minion: fmt.Sprint("m", n)}}, nil) {
				return
			}
		}
		if last != nil {
			yield(records.Entry{}, last)
		}
	}
}

func TestImport(t *testing.T) {
	t.Parallel()
	var p puts
	sum, err := records.Import(t.Context(), &p, exported(1200, nil))
	require.NoError(t, err)
	require.Equal(t, records.Changes{Jobs: 1, Returns: 1200}, sum)
	require.Len(t, p.batches, 3)
	require.Equal(t, []records.End{{JID: "20261122133409055051", Time: time.Unix(1, 0)}}, p.batches[0].Ends)

	broken := errors.New("broken")
	_, err = records.Import(t.Context(), &p, exported(3, broken))
	require.ErrorIs(t, err, broken)
	p = puts{fail: records.ErrFull}
	sum, err = records.Import(t.Context(), &p, exported(1200, nil))
	require.ErrorIs(t, err, records.ErrUnavailable)
	require.Less(t, sum.Returns, 1200)
}
