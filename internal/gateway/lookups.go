package gateway

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/saltern-api/saltern/internal/gateway/config"
	"github.com/saltern-api/saltern/internal/pause"
	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/saltmaster"
	"github.com/saltern-api/saltern/saltmaster/lookup"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// lookups answers look-ups from the master's files as long as these are read as
// the master itself would: with the configuration that it has, and by Salt's own
// modules.
type lookups struct {
	config *config.Config
	jobs   *lookup.Jobs // nil where only the master can look jobs up
	keys   *lookup.Keys // nil where only the master can list keys
	jids   *saltmaster.JIDs
	log    *slog.Logger

	from3008  func() (yes, known bool)
	elsewhere func() bool // whether its tokens are, nil for no
	answers   func() bool // whether the master does; while it is away, it is not known what it would say
	count     *prometheus.CounterVec

	warnedChanged, warnedUnreadable atomic.Bool
}

var _ lowstate.Lookups = (*lookups)(nil)

// newLookups returns nil where everything goes to the master.
func (g *Gateway) newLookups(jids *saltmaster.JIDs, reg prometheus.Registerer) *lookups {
	l := &lookups{config: g.config, jids: jids, log: g.log, from3008: g.release, elsewhere: g.tokens.Elsewhere, answers: g.client.Answers}
	cache, err := g.config.JobLookups()
	if err == nil {
		l.jobs = lookup.NewJobs(cache, settled(g.bus.LastReturns, cache.ReturnTime))
	} else {
		g.log.Info("jobs are looked up by the master", slog.Any("reason", err))
	}
	dir, err := g.config.KeyLookups()
	if err == nil {
		l.keys = &lookup.Keys{Dir: dir, From3008: g.release}
	} else {
		g.log.Info("keys are listed by the master", slog.Any("reason", err))
	}
	if l.jobs == nil && l.keys == nil {
		return nil
	}
	l.count = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "saltern_lookups_total",
		Help: "Look-ups of jobs and keys that were permitted from files, by where they were answered from.",
	}, []string{"from"})
	for _, from := range []string{fromFiles, fromMaster} {
		l.count.WithLabelValues(from)
	}
	reg.MustRegister(l.count)
	return l
}

// The values of the label from.
const (
	fromFiles  = "files"
	fromMaster = "master"
)

// settle is how long the master usually takes to write what its event says, and
// maxSettle how long a return is waited for that is not written by then.
const (
	settle    = 100 * time.Millisecond
	maxSettle = 2 * time.Second
)

// settled returns a function that waits until the master has written what it
// has announced of a job. last returns whose returns that were, and when the last one
// came; written when the return of a minion was written, zero for not yet.
func settled(
	last func(jid string) ([]string, time.Time), written func(jid, minion string) time.Time,
) func(ctx context.Context, jid string) error {
	return func(ctx context.Context, jid string) error {
		minions, at := last(jid)
		if err := pause.For(ctx, settle-time.Since(at)); err != nil {
			return err
		}
		for time.Since(at) < maxSettle {
			minions = slices.DeleteFunc(minions, func(id string) bool { return !written(jid, id).IsZero() })
			if len(minions) == 0 {
				return nil
			}
			if err := pause.For(ctx, settle/2); err != nil {
				return err
			}
		}
		return nil
	}
}

// release reports whether the master is Salt 3008 or newer, if that is known by
// the tokens that it accepts.
func (g *Gateway) release() (is3008, known bool) {
	_, known = g.tokens.Written()
	return g.isFrom3008(), known
}

// noRelease reports whether the master's release will not be known: it is seen by its
// tokens.
func (l *lookups) noRelease() bool { return l.elsewhere != nil && l.elsewhere() }

// HasRunner implements [lowstate.Lookups].
func (l *lookups) HasRunner(fun string) bool { return l.jobs != nil && l.jobs.Has(fun) }

// HasWheel implements [lowstate.Lookups].
func (l *lookups) HasWheel(fun string) bool { return l.keys != nil && l.keys.Has(fun) }

// Runner implements [lowstate.Lookups].
func (l *lookups) Runner(ctx context.Context, fun string, arg, kwarg msgpack.Raw) (ret msgpack.Section, ok bool) {
	if !l.answers() || l.config.MayReplaceJobs() || !l.sameConfig() {
		return ret, l.counted(false)
	}
	ret, err := l.jobs.Runner(ctx, fun, arg, kwarg)
	return ret, l.counted(l.answered(ctx, fun, err))
}

// Wheel implements [lowstate.Lookups].
func (l *lookups) Wheel(ctx context.Context, user, fun string, arg, kwarg msgpack.Raw) (msgpack.Raw, bool) {
	if !l.answers() || l.config.MayReplaceKeys() || !l.sameConfig() {
		return nil, l.counted(false)
	}
	ret, err := l.keys.Wheel(fun, arg, kwarg)
	if !l.counted(l.answered(ctx, fun, err)) {
		return nil, false
	}
	return l.wheelAnswer(user, fun, ret), true
}

// wheelAnswer is the master's answer to a wheel function. A master before 3008
// stamps it with the time of its event.
func (l *lookups) wheelAnswer(user, fun string, ret msgpack.Raw) msgpack.Raw {
	jid := l.jids.Next()
	tag := "salt/wheel/" + jid
	is3008, _ := l.from3008()
	n := 6
	if !is3008 {
		n++
	}
	b := msgpack.AppendMap(nil, 2)
	b = appendTexts(b, "tag", tag)
	b = msgpack.AppendString(b, "data")
	b = msgpack.AppendMap(b, n)
	b = appendTexts(b, "fun", "wheel."+fun, "jid", jid, "tag", tag, "user", user)
	if !is3008 {
		b = appendTexts(b, "_stamp", time.Now().UTC().Format("2006-01-02T15:04:05.000000"))
	}
	b = append(msgpack.AppendString(b, "return"), ret...)
	return msgpack.AppendBool(msgpack.AppendString(b, "success"), true)
}

func appendTexts(b []byte, texts ...string) []byte {
	for _, s := range texts {
		b = msgpack.AppendString(b, s)
	}
	return b
}

// sameConfig reports whether the rules and the paths are still those of the
// master's file, which the master may have read again.
func (l *lookups) sameConfig() bool {
	changed := l.config.Master.Changed()
	switch {
	case !changed:
		l.warnedChanged.Store(false)
	case !l.warnedChanged.Swap(true):
		l.log.Warn("the master's configuration has changed; look-ups go to the master until the gateway is restarted")
	}
	return !changed
}

func (l *lookups) answered(ctx context.Context, fun string, err error) bool {
	switch {
	case err == nil:
		return true
	case ctx.Err() != nil:
	case errors.Is(err, fs.ErrPermission) && !l.warnedUnreadable.Swap(true):
		l.log.WarnContext(ctx, "the master's files cannot be read; look-ups go to the master", slog.Any("error", err))
	default:
		l.log.DebugContext(ctx, "a look-up goes to the master", slog.String("fun", fun), slog.Any("reason", err))
	}
	return false
}

// counted counts an answer from files, or the lack of one, and returns ok.
func (l *lookups) counted(ok bool) bool {
	from := fromMaster
	if ok {
		from = fromFiles
	}
	l.count.WithLabelValues(from).Inc()
	return ok
}
