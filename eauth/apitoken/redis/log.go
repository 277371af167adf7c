package redis

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	goredis "github.com/redis/go-redis/v9"
)

// LogTo makes the Redis client write its messages to log instead of standard
// error. It applies to the whole process.
func LogTo(log *slog.Logger) { goredis.SetLogger(newLogger(log)) }

// The client reports every attempt to connect. While Redis is unreachable there
// are many in a second; one report of each kind in a while is enough.
const (
	logEvery = 10 * time.Second
	logKinds = 64 // kinds that are distinguished; the client has fewer
)

type logger struct {
	log *slog.Logger

	mu     sync.Mutex
	logged map[string]time.Time // when a message was last logged, by its format
}

func newLogger(log *slog.Logger) *logger {
	return &logger{log: log, logged: make(map[string]time.Time)}
}

// Printf is called by the Redis client.
func (l *logger) Printf(ctx context.Context, format string, args ...any) {
	if l.due(format, time.Now()) {
		l.log.WarnContext(ctx, "the Redis client reports", slog.String("message", fmt.Sprintf(format, args...)))
	}
}

func (l *logger) due(format string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Sub(l.logged[format]) < logEvery {
		return false
	}
	if len(l.logged) >= logKinds {
		clear(l.logged)
	}
	l.logged[format] = now
	return true
}
