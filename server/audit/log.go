package audit

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"time"
)

// Options of a [Log]. File is required.
type Options struct {
	// File is the path of the current file. It is created with mode 0600, and
	// its directory, if missing, with mode 0700.
	File string

	// MaxSize is in bytes: a file that would become larger is rotated, to its
	// name with a number appended. Keep is how many rotated files are kept.
	// Zero stands for 100 MiB and for 10.
	MaxSize int64
	Keep    int

	Logger *slog.Logger     // of failures to write the log; nil discards
	Clock  func() time.Time // time.Now when nil
}

const (
	defaultMaxSize = 100 << 20
	defaultKeep    = 10
)

// Log is an audit log open for writing. It is safe for concurrent use, and
// other processes may write to the same file. A nil Log is off: it discards
// entries.
type Log struct {
	opts Options
	now  func() time.Time
	log  *slog.Logger

	mu        sync.Mutex
	file      file
	anonymous anonymousLimiter
	stats     Stats
	missing   uint64 // lines lost since the last one that was written
}

// Stats are counts since the log was opened.
type Stats struct {
	Written    uint64
	Lost       uint64 // could not be written
	Suppressed uint64 // suppressed lines of requests that prove nothing
}

// Open opens the log, creating it if needed.
func Open(o Options) (*Log, error) {
	if o.MaxSize <= 0 {
		o.MaxSize = defaultMaxSize
	}
	if o.Keep <= 0 {
		o.Keep = defaultKeep
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	l := &Log{opts: o, now: o.Clock, log: o.Logger, file: file{path: o.File, maxSize: o.MaxSize, keep: o.Keep}}
	if _, err := l.file.ready(0); err != nil {
		return nil, fmt.Errorf("audit log: %w", err)
	}
	return l, nil
}

// Write adds an entry, with the request's data from the context. When Write
// returns, the entry is in the file, or the failure is in the gateway's own log
// and counted in the statistics: the request goes on.
func (l *Log) Write(ctx context.Context, e Entry) {
	if l == nil {
		return
	}
	e.about(ctx)
	if e.Time.IsZero() {
		e.Time = l.now()
	}
	line := e.line()
	l.mu.Lock()
	defer l.mu.Unlock()
	if e.isAnonymous() && !l.anonymous.Allow(e.Address, l.now()) {
		l.stats.Suppressed++
		return
	}
	if n, ok := l.anonymous.account(l.now()); ok {
		l.writeSuppressed(ctx, n)
	}
	l.append(ctx, line)
}

func (l *Log) writeSuppressed(ctx context.Context, n int) {
	l.append(ctx, Entry{Time: l.now(), Event: Suppressed, Outcome: Denied, Count: n}.line())
}

// append writes a line, and logs the first failure and the first success after
// failures.
func (l *Log) append(ctx context.Context, line []byte) {
	if err := l.file.append(line); err != nil {
		l.stats.Lost++
		if l.missing++; l.missing == 1 {
			l.log.ErrorContext(ctx, "the audit log cannot be written; requests go on without it", slog.Any("error", err))
		}
		return
	}
	l.stats.Written++
	if err := l.file.trouble(); err != nil {
		l.log.ErrorContext(ctx, "the audit log cannot be rotated", slog.Any("error", err))
	}
	if l.missing == 0 {
		return
	}
	n := l.missing
	l.missing = 0
	l.log.WarnContext(ctx, "the audit log is written again", slog.String("lost", strconv.FormatUint(n, 10)))
	l.append(ctx, Entry{Time: l.now(), Event: Lost, Outcome: Failed, Count: int(min(n, 1<<31))}.line())
}

// Stats returns the counts so far.
func (l *Log) Stats() Stats {
	if l == nil {
		return Stats{}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.stats
}

// Find is [Find] in this log.
func (l *Log) Find(ctx context.Context, q Query) (Page, error) { return Find(ctx, l.opts.File, q) }

// Close closes the file. A later write opens it again.
func (l *Log) Close() error {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := l.anonymous.suppressed; n > 0 {
		l.anonymous.suppressed = 0
		l.writeSuppressed(context.Background(), n)
	}
	return l.file.close()
}
