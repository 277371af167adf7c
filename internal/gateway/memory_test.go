package gateway

import (
	"bytes"
	"log/slog"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

func TestLimitMemory(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		max  string // of the control group
		env  string
		want int64 // 0: none is set
		log  string
	}{
		"a limit":                    {"2147483600", "", 1932735240, "memory is limited"},
		"the environment has one":    {"2147483648", "1GiB", 0, ""},
		"the environment has it off": {"2147483648", "off", 0, ""},
		"none":                       {"max", "", 0, ""},
		"hardly anything":            {"1048576", "", leastMemory, "memory is limited"},
		"not readable":               {"?", "", 0, "is not known"},
	} {
		root := fstest.MapFS{
			"proc/self/cgroup":         {Data: []byte("0::/\n")},
			"proc/self/mountinfo":      {Data: []byte("30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n")},
			"sys/fs/cgroup/memory.max": {Data: []byte(c.max + "\n")},
		}
		var got int64
		var log bytes.Buffer
		limitMemory(t.Context(), root, func(name string) string {
			require.Equal(t, "GOMEMLIMIT", name)
			return c.env
		}, func(n int64) int64 { got = n; return 0 }, slog.New(slog.NewJSONHandler(&log, nil)))
		require.Equal(t, c.want, got, name)
		require.Contains(t, log.String(), c.log, name)
		require.Equal(t, c.log == "", log.Len() == 0, name)
	}
}
