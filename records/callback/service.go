package callback

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/saltern-api/saltern/records"
)

// Store is what a service needs of a store of records.
type Store interface {
	records.Callbacks
	Job(ctx context.Context, jid string, minions bool) (records.Job, error)
	Returns(ctx context.Context, jid string, q records.ReturnQuery) (records.ReturnPage, error)
}

// The bounds of call-backs that have not ended, of all gateways together.
const (
	MaxOfUser = 1000
	MaxTotal  = 10_000
)

// Options set a service up. Only Destinations is required.
type Options struct {
	Destinations []Destination

	// Timeout is the most that a Poster takes for one attempt (30 s).
	Timeout time.Duration

	// Tell is called with what happens to call-backs. It must not block, and may
	// be nil.
	Tell func(ctx context.Context, e Event)

	Log *slog.Logger // nil discards
}

// What is what happened to a call-back.
type What string

// What happens to call-backs.
const (
	Promised  What = "promised"  // the job is known that it is for
	Delivered What = "delivered" // the destination has accepted it
	Failed    What = "failed"    // an attempt has failed, and another one follows
	GivenUp   What = "given_up"  // an attempt has failed, and no other one follows
	Retried   What = "retried"   // a user has it delivered once more
)

// Event is something that happened to a call-back.
type Event struct {
	What     What
	Callback records.Callback
}

// DefaultTimeout is the default of [Options].Timeout.
const DefaultTimeout = 30 * time.Second

// Service promises call-backs and delivers them. It is safe for concurrent use.
type Service struct {
	store        Store
	destinations map[string]*Destination
	timeout      time.Duration
	tell         func(ctx context.Context, e Event)
	log          *slog.Logger
	wake         chan struct{}

	waiting, due atomic.Int64 // as counted last

	mu      sync.Mutex
	ended   map[string]struct{} // jobs whose call-backs are to be made due
	all     bool                // there are too many of these to name
	unbound map[string]string   // jids by the ids of promises that could not be written
	running map[string]int      // attempts, by destination
	failing map[string]bool     // destinations whose last attempt failed
}

// New returns a service. It delivers nothing before [Service.Run].
func New(store Store, o Options) (*Service, error) {
	byName, err := check(o.Destinations)
	if err != nil {
		return nil, err
	}
	s := &Service{
		store: store, destinations: byName, timeout: o.Timeout, tell: o.Tell, log: o.Log, wake: make(chan struct{}, 1),
		ended: make(map[string]struct{}), unbound: make(map[string]string), running: make(map[string]int), failing: make(map[string]bool),
	}
	if s.timeout <= 0 {
		s.timeout = DefaultTimeout
	}
	if s.tell == nil {
		s.tell = func(context.Context, Event) {}
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	return s, nil
}

// Pending returns how many call-backs wait for their jobs, and how many are due,
// as counted within the last half minute.
func (s *Service) Pending() (waiting, due int) { return int(s.waiting.Load()), int(s.due.Load()) }

// May returns nil if the caller may name a destination, or a [*DestinationError].
func (s *Service) May(c Caller, destination string) error {
	_, err := s.destination(c, destination)
	return err
}

// storeTimeout bounds one use of the store while a client waits.
const storeTimeout = 5 * time.Second

// Reserve reserves a call-back for a job that is about to be started, which is the
// caller's own. The error is a [*DestinationError], a [records.ErrTooMany] or a
// [records.ErrUnavailable]. The promise has to be kept or dropped.
func (s *Service) Reserve(ctx context.Context, c Caller, destination string) (*Promise, error) {
	out, err := s.add(ctx, c, "", destination, true)
	return &Promise{s, out}, err
}

// Add promises a call-back for a job that the caller may see; results is whether
// that is so for what the minions returned, too. A job that has ended already is
// called back at once. The errors are those of Reserve.
func (s *Service) Add(ctx context.Context, c Caller, jid, destination string, results bool) (records.Callback, error) {
	out, err := s.add(ctx, c, jid, destination, results)
	if err == nil {
		s.promised(ctx, out)
	}
	return out, err
}

func (s *Service) add(ctx context.Context, c Caller, jid, destination string, results bool) (records.Callback, error) {
	d, err := s.destination(c, destination)
	if err != nil {
		return records.Callback{}, err
	}
	out := records.Callback{
		ID: strings.ToLower(rand.Text()), JID: jid, User: c.User, Eauth: c.Eauth, Destination: destination,
		Results: results && d.Results, State: records.CallbackWaiting, Created: records.Micro(time.Now()),
	}
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	err = s.store.AddCallback(ctx, out, records.CallbackLimits{User: MaxOfUser, Total: MaxTotal})
	if errors.Is(err, context.DeadlineExceeded) {
		err = errors.Join(records.ErrUnavailable, err)
	}
	return out, err
}

// promised is called when the job of a call-back is known.
func (s *Service) promised(ctx context.Context, c records.Callback) {
	s.Ended([]string{c.JID}) // perhaps it has, meanwhile
	s.tell(ctx, Event{Promised, c})
}

// Promise is a call-back that is reserved.
type Promise struct {
	service  *Service
	callback records.Callback
}

// ID returns the id of the call-back.
func (p *Promise) ID() string { return p.callback.ID }

// maxUnbound bounds the promises that could not be written.
const maxUnbound = MaxTotal

// Keep names the job of the promise. If the database is away, the promise is kept
// in memory until it is back.
func (p *Promise) Keep(ctx context.Context, jid string) {
	p.callback.JID = jid
	bind, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	err := p.service.store.BindCallback(bind, p.callback.ID, jid)
	if err != nil {
		p.service.log.LogAttrs(ctx, slog.LevelWarn, "a call-back cannot be recorded now",
			slog.String("id", p.callback.ID), slog.String("jid", jid), slog.Any("error", err))
		p.service.mu.Lock()
		if len(p.service.unbound) < maxUnbound && !errors.Is(err, records.ErrNotFound) {
			p.service.unbound[p.callback.ID] = jid
		}
		p.service.mu.Unlock()
	}
	p.service.promised(ctx, p.callback)
}

// Drop takes the promise back, as there is no job. If that fails, it is forgotten
// later.
func (p *Promise) Drop(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	if err := p.service.store.DropCallback(ctx, p.callback.ID); err != nil {
		p.service.log.LogAttrs(ctx, slog.LevelInfo, "a call-back that is not needed stays for a while", slog.Any("error", err))
	}
}

// Retry has a call-back delivered once more that was delivered or given up. The
// error is a [records.ErrNotFound] if it was not.
func (s *Service) Retry(ctx context.Context, id string) error {
	if err := s.store.RetryCallback(ctx, id, time.Now()); err != nil {
		return err
	}
	s.signal()
	if c, err := s.store.Callback(ctx, id); err == nil {
		s.tell(ctx, Event{Retried, c})
	}
	return nil
}

// maxEnded bounds the jobs that have ended and wait to be looked at.
const maxEnded = 10_000

// Ended notes that jobs have ended. It does not block.
func (s *Service) Ended(jids []string) {
	s.mu.Lock()
	for _, jid := range jids {
		if len(s.ended) >= maxEnded {
			s.all = true
			break
		}
		s.ended[jid] = struct{}{}
	}
	s.mu.Unlock()
	s.signal()
}

// takeEnded returns the jobs that have ended since; nil for any. ok is false if
// there are none.
func (s *Service) takeEnded() (jids []string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.all {
		jids = make([]string, 0, len(s.ended))
		for jid := range s.ended {
			jids = append(jids, jid)
		}
	}
	ok = s.all || len(jids) > 0
	s.all = false
	clear(s.ended)
	return jids, ok
}

func (s *Service) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}
