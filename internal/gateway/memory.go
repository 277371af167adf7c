package gateway

import (
	"context"
	"io/fs"
	"log/slog"
	"os"
	"runtime/debug"

	"github.com/saltern-api/saltern/eauth/apitoken/redis"
	"github.com/saltern-api/saltern/internal/cgroup"
)

const (
	// memoryShare is how much of the memory that there is, in percent, the
	// program may use before it collects garbage harder: the rest is for what
	// the runtime does not count, and for salt-ssh.
	memoryShare = 90

	// leastMemory is the least limit that is set, in bytes: with less the
	// program would do nothing but collect garbage.
	leastMemory = 32 << 20

	memoryVariable = "GOMEMLIMIT"
)

// PrepareProcess sets what there is once for the whole process: the soft limit
// of its memory, and where the client of Redis logs.
func PrepareProcess(ctx context.Context, log *slog.Logger) {
	limitMemory(ctx, os.DirFS("/"), os.Getenv, debug.SetMemoryLimit, log)
	redis.LogTo(log)
}

// limitMemory sets the soft limit of Go's runtime by the control groups of the
// process, unless the environment has one, which the runtime has taken already.
// root is the file system, and set is debug.SetMemoryLimit.
func limitMemory(ctx context.Context, root fs.FS, getenv func(string) string, set func(int64) int64, log *slog.Logger) {
	if getenv(memoryVariable) != "" {
		return
	}
	limit, ok, err := cgroup.MemoryLimit(root)
	if err != nil {
		log.WarnContext(ctx, "the memory limit of the control group is not known", slog.Any("error", err))
	}
	if !ok {
		return
	}
	soft := max(limit/100*memoryShare, leastMemory)
	set(soft)
	log.InfoContext(ctx, "memory is limited by the control group",
		slog.Int64("bytes", limit), slog.Int64("soft_limit", soft))
}
