package audit

import (
	"encoding/json"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken"
)

// The values of [Entry].Event. Those of tokens, roles and service accounts have
// the names of package issuer.
const (
	Command    = "command"    // a chunk of a lowstate, or an equivalent request
	Login      = "login"      // with a password, over any API
	Logout     = "logout"     // of a session, or with an access token
	Stream     = "stream"     // events are read
	Hook       = "hook"       // an event is fired
	Callback   = "callback"   // a call-back: promised, delivered, given up, or to be delivered once more
	Schedule   = "schedule"   // a time at which a schedule was due; Why is what came of it unless it was started
	Refused    = "refused"    // a credential, or an action that its holder may not do
	ReadLog    = "audit_read" // this log, over HTTP; one line for all pages of an answer
	Lost       = "lost"       // lines of this log that could not be written
	Suppressed = "suppressed" // suppressed lines of requests that prove nothing
)

// The values of [Entry].Outcome.
const (
	// OK means for a command that the master accepted it. The minions' results
	// are in the job.
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
	Why     string    `json:"why,omitempty"`    // one word, where the outcome is not ok, or about a call-back

	// User and Eauth are the caller. ClaimedUser is a name that was given but
	// not proved: it shows operators whose password is being guessed. A
	// password typed in place of the name appears here.
	User        string `json:"user,omitempty"`
	ClaimedUser string `json:"claimed_user,omitempty"`
	Eauth       string `json:"eauth,omitempty"`
	Operator    bool   `json:"operator,omitempty"` // by a command on the gateway's host

	// The token that was used, or that the event is about. Owner is that
	// token's owner. Others are tokens that ended with it, or that it was
	// exchanged for.
	TokenID      string           `json:"token_id,omitempty"`
	TokenName    string           `json:"token_name,omitempty"`
	TokenKind    apitoken.Kind    `json:"token_kind,omitempty"`
	TokenProfile apitoken.Profile `json:"token_profile,omitempty"`
	Scopes       []string         `json:"scopes,omitempty"`
	Owner        apitoken.Owner   `json:"owner,omitzero"`
	Others       []string         `json:"others,omitempty"`

	// Subject is the object of the event where that is not a token: a role, a
	// service account, the tag of a hook's event.
	Subject string `json:"subject,omitempty"`

	// The request. Endpoint is the method and the pattern of the path.
	// RequestID is the gateway's own, as in its log and in the response header;
	// ClientRequestID is the X-Request-Id of the client or a proxy, and Trace its
	// traceparent (W3C Trace Context).
	Address         string `json:"address,omitempty"`
	Agent           string `json:"agent,omitempty"`
	RequestID       string `json:"request_id,omitempty"`
	ClientRequestID string `json:"client_request_id,omitempty"`
	Trace           string `json:"traceparent,omitempty"`
	Endpoint        string `json:"endpoint,omitempty"`

	// The command, as requested. A list in fun or tgt is joined by commas.
	// SentTgt and SentTgtType are the target sent to the master where the
	// token's scopes narrowed it.
	Client      string `json:"client,omitempty"`
	Fun         string `json:"fun,omitempty"`
	Tgt         string `json:"tgt,omitempty"`
	TgtType     string `json:"tgt_type,omitempty"`
	SentTgt     string `json:"sent_tgt,omitempty"`
	SentTgtType string `json:"sent_tgt_type,omitempty"`
	JID         string `json:"jid,omitempty"`
	Minions     int    `json:"minions,omitempty"`  // that the master targeted
	Callback    string `json:"callback,omitempty"` // the destination that is told of the job's end
	From        string `json:"from,omitempty"`     // files: answered from the master's files, which was not asked

	// Arguments are the command's, as a JSON object, if the setting is on.
	// Clipped, they are the beginning of that as a string.
	Arguments json.RawMessage `json:"arguments,omitempty"`

	// LeftOut are the names of the arguments that were not sent because the
	// runner function does not take them. They come with Arguments.
	LeftOut []string `json:"left_out,omitempty"`

	Count   int      `json:"count,omitempty"` // of Lost and Suppressed
	Clipped []string `json:"clipped,omitempty"`

	// AdditionalProperties is where Cloud Director's audit events have
	// "currentContext.refreshTokenId": the id of the API token that an access
	// token was exchanged from, or else TokenID.
	AdditionalProperties map[string]string `json:"additionalProperties,omitempty"`
}

// isAnonymous reports whether the entry is about a request that proved nothing:
// neither a password nor a token. Any client could cause any number of these.
func (e *Entry) isAnonymous() bool {
	return e.User == "" && !e.Operator && (e.Outcome != OK || e.TokenID == "")
}
