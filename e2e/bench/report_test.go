package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What salt-api answers wrong is printed with its row, and does not make the run fail.
func TestFailure(t *testing.T) {
	t.Parallel()
	errs := func(n int) (all []error) {
		for range n {
			all = append(all, errors.New("POST /run: 500 Internal Server Error"))
		}
		return all
	}
	for _, c := range []struct {
		name string
		row  row
		want string // "" for none
	}{
		{"Saltern", row{who: saltern, auth: byPAM, errs: errs(2)}, "local_async, 8 clients: Saltern, pam: 2 errors, the first: POST /run: 500"},
		{"the bare wire", row{who: bareWire, auth: byToken, errs: errs(1)}, "local_async, 8 clients: bare wire, token: 1 errors, the first: POST /run: 500"},
		{"Saltern over tcp", row{who: salternTCP, auth: byToken, errs: errs(1)}, "Saltern over tcp, token: 1 errors"},
		{"the wire over tcp", row{who: wireTCP, auth: byToken, errs: errs(1)}, "wire over tcp, token: 1 errors"},
		{"salt-api", row{who: saltAPI, auth: byToken, errs: errs(3)}, ""},
		{"nobody", row{who: saltern, auth: byPAM}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := &scenario{title: titleLocalAsync, clients: 8, rows: []*row{{who: saltern, auth: byToken, rounds: per(90)}, &c.row}}
			r := report{scenarios: []*scenario{s}}
			if err := r.failure(); c.want == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, c.want)
			}
			var out strings.Builder
			s.print(&out)
			if len(c.row.errs) == 0 {
				require.NotContains(t, out.String(), "the first:")
			} else {
				require.Contains(t, out.String(), "\n"+c.row.failure().Error()+"\n")
			}
		})
	}
}
