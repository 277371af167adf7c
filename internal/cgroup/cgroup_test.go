package cgroup_test

import (
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/internal/cgroup"
)

const (
	v2Mount = "30 23 0:26 / /sys/fs/cgroup ro,nosuid,nodev,noexec,relatime shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"
	v1Mount = "29 22 0:25 / /sys/fs/cgroup/cpu,cpuacct rw shared:8 - cgroup cgroup rw,cpu,cpuacct\n" +
		"31 22 0:27 / /sys/fs/cgroup/memory rw,nosuid shared:10 - cgroup cgroup rw,memory\n"
	otherMount = "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
)

type files = map[string]string

func memoryLimit(t *testing.T, files files) (int64, bool, error) {
	t.Helper()
	root := fstest.MapFS{}
	for name, text := range files {
		root[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return cgroup.MemoryLimit(root)
}

func TestMemoryLimit(t *testing.T) {
	t.Parallel()
	const unit = "/system.slice/saltern.service"
	for name, c := range map[string]struct {
		files files
		want  int64 // 0: there is none
	}{
		"version 2, by systemd": {files{
			"proc/self/cgroup": "0::" + unit + "\n", "proc/self/mountinfo": otherMount + v2Mount,
			"sys/fs/cgroup" + unit + "/memory.max": "2147483648\n", "sys/fs/cgroup/system.slice/memory.max": "max\n",
		}, 2 << 30},
		"version 2, a slice with less": {files{
			"proc/self/cgroup": "0::" + unit + "\n", "proc/self/mountinfo": v2Mount,
			"sys/fs/cgroup" + unit + "/memory.max": "max\n", "sys/fs/cgroup/system.slice/memory.max": "1073741824\n",
		}, 1 << 30},
		"version 2, no limit": {files{
			"proc/self/cgroup": "0::" + unit + "\n", "proc/self/mountinfo": v2Mount, "sys/fs/cgroup" + unit + "/memory.max": "max\n",
		}, 0},
		"version 2, a container": {files{
			"proc/self/cgroup": "0::/\n", "proc/self/mountinfo": v2Mount, "sys/fs/cgroup/memory.max": "536870912\n",
		}, 512 << 20},
		"version 2, seen from outside its namespace": {files{
			"proc/self/cgroup": "0::/../other\n", "proc/self/mountinfo": v2Mount, "sys/fs/cgroup/memory.max": "536870912\n",
		}, 512 << 20},
		"version 1": {files{
			"proc/self/cgroup": "4:memory:" + unit + "\n3:cpu,cpuacct:/\n0::/\n", "proc/self/mountinfo": otherMount + v1Mount,
			"sys/fs/cgroup/memory" + unit + "/memory.limit_in_bytes": "268435456\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes":             "9223372036854771712\n",
		}, 256 << 20},
		"version 1, no limit": {files{
			"proc/self/cgroup": "4:memory:/\n", "proc/self/mountinfo": v1Mount,
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
		}, 0},
		"version 1, a container": {files{
			"proc/self/cgroup":                           "4:memory:/docker/ab\n",
			"proc/self/mountinfo":                        "31 22 0:27 /docker/ab /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "67108864\n",
		}, 64 << 20},
		"version 1, a container in another": {files{
			"proc/self/cgroup":                                 "4:memory:/docker/ab/inner\n",
			"proc/self/mountinfo":                              "31 22 0:27 /docker/ab /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes":       "67108864\n",
			"sys/fs/cgroup/memory/inner/memory.limit_in_bytes": "33554432\n",
		}, 32 << 20},
		"both, of which version 1 has the memory": {files{
			"proc/self/cgroup":                             "4:memory:/a\n0::/a\n",
			"proc/self/mountinfo":                          v1Mount + "30 23 0:26 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n",
			"sys/fs/cgroup/memory/a/memory.limit_in_bytes": "1048576\n",
		}, 1 << 20},
		"a mount with a space in its name": {files{
			"proc/self/cgroup": "0::/a\n", "proc/self/mountinfo": `30 23 0:26 / /my\040groups rw - cgroup2 cgroup2 rw` + "\n",
			"my groups/a/memory.max": "4096\n",
		}, 4096},
		"another group that begins alike": {files{
			"proc/self/cgroup":                           "4:memory:/docker/abc\n",
			"proc/self/mountinfo":                        "31 22 0:27 /docker/ab /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "4096\n", "sys/fs/cgroup/memory/c/memory.limit_in_bytes": "1\n",
		}, 4096},
		"no control groups":     {files{"proc/self/mountinfo": otherMount}, 0},
		"no such system at all": {files{}, 0},
		"nothing is mounted":    {files{"proc/self/cgroup": "0::/a\n"}, 0},
		"lines that are none":   {files{"proc/self/cgroup": "x\n0:\n0::a\n::\n", "proc/self/mountinfo": "x\n - \n" + v2Mount}, 0},
	} {
		got, ok, err := memoryLimit(t, c.files)
		require.NoError(t, err, name)
		require.Equal(t, c.want, got, name)
		require.Equal(t, c.want != 0, ok, name)
	}
	_, _, err := memoryLimit(t, files{
		"proc/self/cgroup": "0::/\n", "proc/self/mountinfo": v2Mount, "sys/fs/cgroup/memory.max": "a lot\n",
	})
	require.ErrorContains(t, err, "no number")
}

// TestFolder reads real files.
func TestFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"proc/self/cgroup": "0::/a\n", "proc/self/mountinfo": v2Mount, "sys/fs/cgroup/a/memory.max": "4096\n",
	} {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	got, ok, err := cgroup.MemoryLimit(os.DirFS(dir))
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, int64(4096), got)

	_, _, err = cgroup.MemoryLimit(os.DirFS("/"))
	require.NoError(t, err, "of this machine, whatever it has")
}

// FuzzMemoryLimit has any text in the kernel's files.
func FuzzMemoryLimit(f *testing.F) {
	f.Add("0::/a\n4:memory:/b\n", v1Mount+v2Mount, "4096\n")
	f.Add("0::/../a\n", `30 23 0:26 /\05 /\0400 rw - cgroup2 cgroup2 rw`, "max")
	f.Fuzz(func(t *testing.T, groups, mounts, limit string) {
		n, ok, err := memoryLimit(t, files{
			"proc/self/cgroup": groups, "proc/self/mountinfo": mounts,
			"sys/fs/cgroup/memory.max": limit, "sys/fs/cgroup/a/memory.max": limit, "sys/fs/cgroup/memory/memory.limit_in_bytes": limit,
		})
		require.True(t, n >= 0 && (ok || n == 0) && (err == nil || !ok))
	})
}
