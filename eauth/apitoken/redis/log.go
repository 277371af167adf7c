package redis

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	goredis "github.com/redis/go-redis/v9"
)

// LogTo has the Redis client write to log what it writes to standard error
// otherwise. It is one for the whole process.
func LogTo(log *slog.Logger) { goredis.SetLogger(newLogger(log)) }

// The client reports every attempt to connect. While Redis is away there are
// many in a second, and one report of a kind in a while tells as much.
const (
	logEvery = 10 * time.Second
	logKinds = 64 // that are told apart; the client has fewer
)

type logger struct {
	log *slog.Logger

	mu   sync.Mutex
	told map[string]time.Time // by the form of the message
}

func newLogger(log *slog.Logger) *logger { return &logger{log: log, told: make(map[string]time.Time)} }

// Printf is what the Redis client calls.
func (l *logger) Printf(ctx context.Context, format string, args ...any) {
	if l.due(format, time.Now()) {
		l.log.WarnContext(ctx, "the Redis client reports", slog.String("message", fmt.Sprintf(format, args...)))
	}
}

func (l *logger) due(format string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Sub(l.told[format]) < logEvery {
		return false
	}
	if len(l.told) >= logKinds {
		clear(l.told)
	}
	l.told[format] = now
	return true
}
