package records

import (
	"context"
	"fmt"
	"time"
)

// Callback is the promise to tell a destination, which the operator has named,
// that a job has ended.
type Callback struct {
	ID  string // chosen by the caller of AddCallback
	JID string // "" as long as it is Reserved

	// User and Eauth are those of the caller that it was promised to.
	User, Eauth string

	Destination string
	Results     bool // whether the destination may get what the minions returned

	State   CallbackState
	Created time.Time

	// Due is the time of the next attempt, or of the end of a claim. It is zero
	// unless the state is Due.
	Due time.Time

	Since    time.Time // of its first becoming Due, or of the last RetryCallback
	Tried    time.Time // of the last attempt
	Done     time.Time // when it was delivered, or given up
	Attempts int
	Error    string // of the last attempt that failed; for those who may see the call-back
}

// CallbackState is the state of a call-back.
type CallbackState string

// The states. The last two are ends.
const (
	CallbackReserved  CallbackState = "reserved"  // its job is not known yet
	CallbackWaiting   CallbackState = "waiting"   // its job has not ended
	CallbackDue       CallbackState = "due"       // its job has ended
	CallbackDelivered CallbackState = "delivered" // the destination has accepted it
	CallbackFailed    CallbackState = "failed"    // it was given up
)

// CallbackStates returns all states.
func CallbackStates() []CallbackState {
	return []CallbackState{CallbackReserved, CallbackWaiting, CallbackDue, CallbackDelivered, CallbackFailed}
}

// Callbacks is the part of a [Store] for call-backs. Times are those of the
// caller's clock.
type Callbacks interface {
	// AddCallback adds a call-back: a reserved one where it has no jid, and else
	// one that waits. The error is an [ErrTooMany] if there are as many as the
	// limits allow.
	AddCallback(ctx context.Context, c Callback, most CallbackLimits) error

	// BindCallback names the job of a reserved call-back, which waits from then
	// on. The error is an [ErrNotFound] if there is no such reserved one.
	BindCallback(ctx context.Context, id, jid string) error

	// DropCallback removes a reserved call-back. That there is none is not an
	// error.
	DropCallback(ctx context.Context, id string) error

	// WakeCallbacks makes those due that wait for one of these jobs, which has
	// ended; with nil, for any job. It returns how many these are.
	WakeCallbacks(ctx context.Context, jids []string, now time.Time) (int, error)

	// ClaimCallbacks claims call-backs that are due, those that are due for the
	// longest time first, and counts an attempt for each. Until the claim ends no
	// one else gets them.
	ClaimCallbacks(ctx context.Context, claim CallbackClaim) ([]Callback, error)

	// SettleCallback records what came of the attempt that a call-back was claimed
	// for: its State, Due, Done and Error. It is an [ErrNotFound] if the
	// call-back was claimed again since.
	SettleCallback(ctx context.Context, c Callback) error

	// RetryCallback makes a call-back that was delivered or given up due again, as
	// if its job had ended now. The error is an [ErrNotFound] if there is no such
	// one.
	RetryCallback(ctx context.Context, id string, now time.Time) error

	// Callback returns a call-back, or an [ErrNotFound].
	Callback(ctx context.Context, id string) (Callback, error)

	// Callbacks returns a page of call-backs, the newest first.
	Callbacks(ctx context.Context, q CallbackQuery) (CallbackPage, error)

	// CountCallbacks returns how many call-backs have not ended, and when the next
	// one of these is due; the zero time if none is.
	CountCallbacks(ctx context.Context) (CallbackCounts, error)

	// CleanCallbacks removes and ends call-backs that are too old.
	CleanCallbacks(ctx context.Context, c CallbackCleaning) (CallbackCleaned, error)
}

// CallbackLimits bound the call-backs that have not ended. Several gateways may
// exceed them by a few.
type CallbackLimits struct {
	User  int // of one user
	Total int
}

var (
	// ErrTooMany means that there are too many call-backs that have not ended.
	ErrTooMany = fmt.Errorf("too many call-backs are pending")

	// ErrTooManyOfUser is an [ErrTooMany]: one user has too many.
	ErrTooManyOfUser = fmt.Errorf("%w for this user", ErrTooMany)
)

// CallbackClaim selects what is claimed.
type CallbackClaim struct {
	Now, Until   time.Time
	Destinations []string
	Limit        int // see [PageSize]
}

// CallbackQuery selects a page of call-backs. Empty fields select all but the
// reserved ones.
type CallbackQuery struct {
	User, Eauth string
	JID         string
	Destination string
	State       CallbackState
	After       string // the Next of the previous page
	Limit       int    // see [PageSize]
}

// CallbackPage is a page of call-backs.
type CallbackPage struct {
	Callbacks []Callback
	Next      string // where the next page begins; empty at the end
}

// CallbackCounts are the numbers of call-backs that have not ended.
type CallbackCounts struct {
	Waiting, Due int
	Next         time.Time
}

// CallbackCleaning says what is too old. Zero values keep everything.
type CallbackCleaning struct {
	Now      time.Time
	Reserved time.Time // those that were reserved earlier are removed
	Waiting  time.Time // those that were made earlier and wait are given up
	Due      time.Time // those that were due earlier and still are, are given up
	Done     time.Time // those that ended earlier are removed
	Keep     int       // how many that have ended are kept, the newest

	WhyWaiting, WhyDue string // the Error of those that are given up
}

// CallbackCleaned is what was done.
type CallbackCleaned struct{ Removed, Failed int }

// MaxCallbackError is the most bytes of [Callback].Error that are kept.
const MaxCallbackError = 256
