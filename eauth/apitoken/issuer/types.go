package issuer

import (
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken"
)

// NewToken is what a token is to be.
type NewToken struct {
	Name     string
	Scopes   []string // names of roles; with ProfileVCD none are Superuser
	Lifetime Lifetime
	Profile  apitoken.Profile
	Remind   string // a mail address for reminders of its end
	Org      string // the organization of Cloud Director

	// Owner is whose the token is, where that is not the caller: a service
	// account, or for the operator anybody.
	Owner apitoken.Owner
}

// Request is an exchange.
type Request struct {
	Profile apitoken.Profile
	From    Origin
	Scopes  []string // fewer than the token has; none are all of them

	// Org is the tenant at whose endpoint it is asked for. A token that was
	// made for another one is not good there; one that was made for none is.
	Org string
}

// Exchange is what a token was exchanged for.
type Exchange struct {
	Access   apitoken.Secret
	Record   apitoken.Record // of Access
	Lifetime time.Duration   // of Access, in whole seconds

	// Token is what was shown: an API token, or a refresh token that is used
	// up now.
	Token apitoken.Record

	// Refresh is the next refresh token of a service account, or the secret of
	// an API token that [Service.IssueInitialSecret] gave it; shown this once. It is nil for
	// an API token that was shown, which can be used again.
	Refresh *apitoken.Secret

	User string // who acts
}

// Query selects tokens to list.
type Query struct {
	// Owner is whose; the zero Owner is the caller, or for the operator
	// everybody. Everybody asks for all.
	Owner    apitoken.Owner
	Everyone bool

	After string
	Limit int
}

// Introspection is what a token is worth, as RFC 7662 wants to know it.
type Introspection struct {
	Active bool // if not, nothing else is told
	Record apitoken.Record
	User   string
	Scopes []string
}

// DeviceCode is what a device is told that wants to be let in (RFC 8628,
// section 3.2).
type DeviceCode struct {
	Code     apitoken.Secret
	UserCode string
	Expires  time.Duration
	Interval time.Duration
}

// Account is a service account.
type Account struct {
	ID              string `json:"id"`
	Name            string `json:"name"`
	SoftwareID      string `json:"software_id,omitempty"`
	SoftwareVersion string `json:"software_version,omitempty"`
	URI             string `json:"uri,omitempty"`
	Org             string `json:"org,omitempty"`

	// Scopes are the most that tokens of the account have.
	Scopes []string `json:"scopes"`

	// Eauth and User are who the account acts as.
	Eauth string `json:"eauth"`
	User  string `json:"user"`

	Status    Status         `json:"status"`
	Created   time.Time      `json:"created"`
	CreatedBy apitoken.Owner `json:"created_by"`

	// Revoked is when all its tokens were last revoked: none that is older is
	// good.
	Revoked time.Time `json:"revoked,omitzero"`

	version int64
}

// Status is how far a service account has come.
type Status string

// The statuses, as at Cloud Director.
const (
	Created   Status = "CREATED"
	Requested Status = "REQUESTED" // a device has asked to be let in
	Allowed   Status = "GRANTED"   // somebody has said yes
	Active    Status = "ACTIVE"    // the device has its tokens
)
