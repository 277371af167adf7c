package records

import (
	"context"
	"encoding/json"
	"errors"
	"time"
)

// Saved is what a user has saved to run or use again: a job, or a target.
type Saved struct {
	Kind SavedKind `json:"kind"`
	ID   string    `json:"id"` // a UUID in small letters

	// Version is a new one with each change, and with each object that is put under an
	// id, also after another one with the id was deleted. PutSaved reads the one that
	// is there, 0 for none.
	Version int64 `json:"version"`

	User  string `json:"user"` // the owner
	Eauth string `json:"eauth"`

	// Readers are the roles that see it beside the owner. Names with a line break are
	// left out: no role has one.
	Readers []string `json:"readers,omitempty"`

	Name string `json:"name"`
	Desc string `json:"desc,omitempty"`

	// Cmd, Fun and Tgt are of a job: the kind of the command, the function, and the
	// UUID of its target.
	Cmd string `json:"cmd,omitempty"`
	Fun string `json:"fun,omitempty"`
	Tgt string `json:"tgt_uuid,omitempty"`

	Changed time.Time       `json:"changed"`
	Body    json.RawMessage `json:"body"` // the rest
}

// SavedKind is the kind of a [Saved].
type SavedKind int

// The kinds.
const (
	SavedJob    SavedKind = 1
	SavedTarget SavedKind = 2
)

// ErrConflict means that a [Saved] is there already, or was changed meanwhile.
var ErrConflict = errors.New("it was changed meanwhile")

// ErrTooManySaved means that there are [MaxSaved] already, or [MaxSavedOfUser] of the
// owner's.
var ErrTooManySaved = errors.New("too many are saved")

// Library is the part of a [Store] for what users save.
type Library interface {
	// PutSaved stores s if its Version is the present one, and returns it with the
	// new one. Otherwise it returns an [ErrConflict]. Errors of what cannot be kept
	// are an [*InvalidError].
	PutSaved(ctx context.Context, s Saved) (Saved, error)

	// Saved returns what has an id, or an [ErrNotFound].
	Saved(ctx context.Context, kind SavedKind, id string) (Saved, error)

	// FindSaved returns a page of what a query selects.
	FindSaved(ctx context.Context, q SavedQuery) (SavedPage, error)

	// DeleteSaved removes what has an id, or returns an [ErrNotFound]. Jobs that
	// were for a removed target have none then.
	DeleteSaved(ctx context.Context, kind SavedKind, id string) error
}

// SavedQuery selects what is saved. Empty fields select all.
type SavedQuery struct {
	Kind SavedKind
	ID   string

	// User and Eauth select what an owner has, and with Readers what one of these roles
	// sees, too. Without an owner Readers alone select. There are [MaxReaders] at most.
	User, Eauth string
	Readers     []string

	NameIs     string // the whole name
	Name, Desc string // parts of them; ASCII letters match in upper and lower case
	Cmd        string
	Fun        string // a part of it, likewise
	Tgt        string
	OrNoTgt    bool // beside those with Tgt, those without one

	SortBy  SavedSort
	Reverse bool

	Offset int
	Limit  int // of the page; see [PageSize]
}

// SavedSort is an order of what is saved. The order of equals is that of the ids.
type SavedSort string

// The orders. The default is by name.
const (
	SavedByName SavedSort = "name"
	SavedByDesc SavedSort = "desc"
	SavedByCmd  SavedSort = "cmd"
	SavedByFun  SavedSort = "fun"
)

// SavedPage is a page of what is saved, and how much there is on all pages.
type SavedPage struct {
	Saved []Saved
	Total int
}

// The bounds of what is saved.
const (
	MaxSaved       = 50_000 // of a kind
	MaxSavedOfUser = 10_000 // of these
	MaxSavedName   = 1024   // bytes of the name, the function and the like
	MaxSavedDesc   = 16 << 10
	MaxSavedBody   = 256 << 10
	MaxReaders     = 200 // of a query
)
