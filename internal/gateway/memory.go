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
	// memoryShare is the share of the available memory, in percent, from which
	// on the program collects garbage more often: the rest is for memory
	// outside of the runtime, and for salt-ssh.
	memoryShare = 90

	// leastMemory is the minimum limit, in bytes: with less the program would
	// only collect garbage.
	leastMemory = 32 << 20

	memoryVariable = "GOMEMLIMIT"
)

// PrepareProcess sets what is global to the process: the soft limit of its
// memory, how often garbage is collected, when memory is given back, and the log of the Redis client.
func PrepareProcess(ctx context.Context, log *slog.Logger) {
	limitMemory(ctx, os.DirFS("/"), os.Getenv, debug.SetMemoryLimit, log)
	collectLess(os.Getenv, runtimeHeap())
	redis.LogTo(log)
}

// limitMemory sets the soft limit of Go's runtime from the control groups of
// the process, unless the environment sets one, which the runtime reads itself.
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
