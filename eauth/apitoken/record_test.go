package apitoken

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestState(t *testing.T) {
	t.Parallel()
	now := time.Now()
	before, after := now.Add(-time.Hour), now.Add(time.Hour)
	for name, c := range map[string]struct {
		r    Record
		want State
		end  time.Time
	}{
		"live":             {Record{Issued: before, Expires: after}, Live, after},
		"endless":          {Record{Issued: before}, Live, time.Time{}},
		"expired":          {Record{Issued: before, Expires: before}, Expired, before},
		"expires now":      {Record{Issued: before, Expires: now}, Expired, now},
		"pending":          {Record{}, NoSecret, time.Time{}},
		"pending, expired": {Record{Expires: before}, Expired, before},
		"used":             {Record{Issued: before, Used: before, Expires: after}, UsedUp, before},
		"revoked":          {Record{Issued: before, Used: now, Revoked: before}, Revoked, before},
		"revoked too late": {Record{Issued: before, Revoked: after, Expires: before}, Revoked, before},
	} {
		require.Equal(t, c.want, c.r.State(now), name)
		require.Equal(t, c.end, c.r.End(), name)
	}
	require.NotEqual(t, Live, Record{}.State(now), "no record is no pass")
}

func TestCloneSharesNothing(t *testing.T) {
	t.Parallel()
	r := Record{Scopes: []string{"User"}}
	for _, copied := range []Record{r.Clone(), r.clean()} {
		copied.Scopes[0] = "Superuser"
	}
	require.Equal(t, []string{"User"}, r.Scopes)
}

func TestErrorsAreApart(t *testing.T) {
	t.Parallel()
	all := []error{
		ErrUnavailable, ErrNotFound, ErrConflict, ErrRevoked, ErrExpired, ErrReused, ErrInvalid, ErrMalformed, ErrPepper,
	}
	for i, a := range all {
		for j, b := range all {
			if i != j {
				require.NotErrorIs(t, a, b)
			}
		}
	}
}

func TestWhatIsKeptOfAnAgent(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"curl/8.5 (x86_64)":            "curl/8.5 (x86_64)",
		"Müller/1":                     "Müller/1",
		"a\u009b31mb\x1b[2J\nc":        "a?31mb?[2J?c",
		"a\u202eb\u2066c":              "a?b?c",
		"a\xffb":                       "a?b",
		strings.Repeat("é", 150):       strings.Repeat("é", 100),
		"x" + strings.Repeat("é", 150): "x" + strings.Repeat("é", 99) + "?",
	} {
		require.Equal(t, want, Use{Agent: given}.Prepared().Agent)
	}
}
