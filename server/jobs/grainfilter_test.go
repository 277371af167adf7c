package jobs

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/mastertest"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// The grains of a minion, and what selects it: as Salt's own subdict_match has it.
const someGrains = `{"os": "Debian", "num_cpus": 4, "zfs": false, "gpu": null, "osversion": [12, 5], "roles": ["web", "Db:Main"],
	"ip4": {"eth0": ["10.0.0.1", "10.0.0.2"], "lo": ["127.0.0.1"]}, "a:b": {"c": "d"}, "a": {"b": "x"}}`

func TestGrainFilter(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"os:Debian": true, "os:debian": true, "OS:Debian": false, "os:Deb*": true, "os:Deb": false, "os:*": true, "kernel:*": false,
		"num_cpus:4": true, "num_cpus:4*": true, "num_cpus:5": false, "zfs:False": true, "zfs:true": false, "gpu:None": true,
		"osversion:12": true, "osversion:13": false, "roles:web": true, "roles:db:main": true, "roles:w": false,
		"ip4:eth0:10.*": true, "ip4:eth0:10.0.0.2": true, "ip4:eth0": true, "ip4:eth1": false, "ip4:eth0:127.*": false, "ip4:et*": true,
		"a:b:c:d": false, "a:b": true, "a:b:x": true, "a:x": false, "os:x:y": false,
	} {
		f, err := parseGrainFilter(text)
		require.NoError(t, err, text)
		require.Equal(t, want, f.matches(mastertest.JSON(someGrains)), text)
		require.False(t, f.matches(msgpack.AppendNil(nil)), text)
	}
}

func FuzzGrainFilter(f *testing.F) {
	f.Add("os:Debian*", []byte(mastertest.JSON(someGrains)))
	f.Add("a:a:a:a:[", []byte("\x81\xa1a\x81"))
	f.Fuzz(func(t *testing.T, text string, grains []byte) {
		filter, err := parseGrainFilter(text)
		if err != nil {
			return
		}
		require.Equal(t, filter.matches(grains), filter.matches(grains))
	})
}
