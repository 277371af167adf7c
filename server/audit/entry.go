package audit

import (
	"encoding/json"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken"
)

// What happened, for [Entry]. The events of tokens, roles and service accounts
// have the names that package issuer gives them.
const (
	Command  = "command"    // a chunk of a lowstate, or what stands for one
	Login    = "login"      // with a password, at whichever API
	Logout   = "logout"     // of a session, or by an access token
	Stream   = "stream"     // events are read
	Hook     = "hook"       // an event is fired
	Refused  = "refused"    // a credential, or something that its holder may not do
	ReadLog  = "audit_read" // this log, over HTTP; one line for all pages of an answer
	Lost     = "lost"       // lines of this log, which could not be written
	Withheld = "withheld"   // lines of requests that prove nothing, of which there were too many
)

// What came of it.
const (
	// OK says of a command that the master took it. What minions made of it is
	// in the job.
	OK = "ok"

	Denied   = "refused"  // nothing was done
	Failed   = "failed"   // something may have been done
	Canceled = "canceled" // the client did not wait; something may have been done
	Skipped  = "skipped"  // an earlier chunk of the request failed
)

// Entry is one line of the log. Fields that are empty are left out. Text that
// is too long is cut, and Clipped then names the field.
type Entry struct {
	Time    time.Time `json:"time"` // set by [Log.Write] where it is zero
	Event   string    `json:"event"`
	Outcome string    `json:"outcome"`
	Status  int       `json:"status,omitempty"` // of the HTTP answer
	Why     string    `json:"why,omitempty"`    // one word, where the outcome is not ok

	// User and Eauth are who did it. ClaimedUser is the name that somebody
	// gave who did not prove it: operators need it to see whose password is
	// guessed. If somebody types a password where the name belongs, it is
	// here.
	User        string `json:"user,omitempty"`
	ClaimedUser string `json:"claimed_user,omitempty"`
	Eauth       string `json:"eauth,omitempty"`
	Operator    bool   `json:"operator,omitempty"` // by a command on the gateway's host

	// The token that it was done with or that it happened to. Owner is whose
	// that token is. Others are tokens that ended with it, or that it was
	// exchanged for.
	TokenID      string           `json:"token_id,omitempty"`
	TokenName    string           `json:"token_name,omitempty"`
	TokenKind    apitoken.Kind    `json:"token_kind,omitempty"`
	TokenProfile apitoken.Profile `json:"token_profile,omitempty"`
	Scopes       []string         `json:"scopes,omitempty"`
	Owner        apitoken.Owner   `json:"owner,omitzero"`
	Others       []string         `json:"others,omitempty"`

	// Subject is what it was done to, where that is no token: a role, a
	// service account, the tag of a hook's event.
	Subject string `json:"subject,omitempty"`

	// Where it came from. Endpoint is the method and the pattern of the path.
	// RequestID is the gateway's own, as in its log and the answer's header;
	// ClientRequestID is the X-Request-Id that the client or a proxy has sent.
	Address         string `json:"address,omitempty"`
	Agent           string `json:"agent,omitempty"`
	RequestID       string `json:"request_id,omitempty"`
	ClientRequestID string `json:"client_request_id,omitempty"`
	Endpoint        string `json:"endpoint,omitempty"`

	// The command, as it was requested. A list in fun or tgt is joined by
	// commas. SentTgt and SentTgtType are what the master was sent where the
	// token's scopes narrowed the target.
	Client      string `json:"client,omitempty"`
	Fun         string `json:"fun,omitempty"`
	Tgt         string `json:"tgt,omitempty"`
	TgtType     string `json:"tgt_type,omitempty"`
	SentTgt     string `json:"sent_tgt,omitempty"`
	SentTgtType string `json:"sent_tgt_type,omitempty"`
	JID         string `json:"jid,omitempty"`
	Minions     int    `json:"minions,omitempty"` // that the master targeted

	// Arguments are the command's, as a JSON object, where the operator wants
	// them. Clipped, they are the beginning of that as a string.
	Arguments json.RawMessage `json:"arguments,omitempty"`

	// LeftOut are the names of those that were not sent, since a runner
	// function does not take them. They come with Arguments.
	LeftOut []string `json:"left_out,omitempty"`

	Count   int      `json:"count,omitempty"` // of Lost and Withheld
	Clipped []string `json:"clipped,omitempty"`

	// AdditionalProperties is where Cloud Director's audit events have
	// "currentContext.refreshTokenId": the id of the API token behind what was
	// done, which is TokenID itself unless that is an access token.
	AdditionalProperties map[string]string `json:"additionalProperties,omitempty"`
}

// isAnonymous reports whether an entry is of a request that proved nothing: neither
// a password nor a token. Of such entries anybody could cause any number.
func (e *Entry) isAnonymous() bool {
	return e.User == "" && !e.Operator && (e.Outcome != OK || e.TokenID == "")
}
