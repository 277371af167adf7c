package issuer

import (
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken"
)

// NewToken describes a token to create.
type NewToken struct {
	Name     string
	Scopes   []string // names of roles; with ProfileVCD, none stands for Superuser
	Lifetime Lifetime
	Profile  apitoken.Profile
	Remind   string // a mail address for reminders of its expiry
	Org      string // the organization of Cloud Director

	// Owner is the token's owner where that is not the caller: a service account,
	// or for the operator any owner.
	Owner apitoken.Owner
}

// Request is a request to exchange a token.
type Request struct {
	Profile apitoken.Profile
	From    Origin
	Scopes  []string // some of the token's scopes; none stands for all of them

	// Org is the tenant whose endpoint received the request. A token of another
	// tenant is refused there; a token without a tenant is not.
	Org string
}

// Exchange is the result of an exchange.
type Exchange struct {
	Access   apitoken.Secret
	Record   apitoken.Record // of Access
	Lifetime time.Duration   // of Access, in whole seconds

	// Token is the token that was presented: an API token, or a refresh token
	// that is now used up.
	Token apitoken.Record

	// Refresh is the next refresh token of a service account, or the secret that
	// [Service.IssueInitialSecret] issued; it is not returned again. It is nil where
	// an API token was presented, since that can be used again.
	Refresh *apitoken.Secret

	User string // that the token acts as
}

// Query selects tokens to list.
type Query struct {
	// Owner selects the tokens of one owner. The zero Owner stands for the caller,
	// or for the operator for all owners. Everyone selects the tokens of all owners.
	Owner    apitoken.Owner
	Everyone bool

	After string
	Limit int
}

// Introspection is the result of a token introspection (RFC 7662).
type Introspection struct {
	Active bool // the other fields are set only if it is true
	Record apitoken.Record
	User   string
	Scopes []string
}

// DeviceCode is a device authorization response (RFC 8628, section 3.2).
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

	// Scopes are the most that tokens of the account can have.
	Scopes []string `json:"scopes"`

	// Eauth and User are the user that the account acts as.
	Eauth string `json:"eauth"`
	User  string `json:"user"`

	Status    Status         `json:"status"`
	Created   time.Time      `json:"created"`
	CreatedBy apitoken.Owner `json:"created_by"`

	// Revoked is when all its tokens were last revoked: tokens created before it
	// are not valid.
	Revoked time.Time `json:"revoked,omitzero"`

	version int64
}

// Status is the state of a service account.
type Status string

// The statuses, as at Cloud Director.
const (
	Created   Status = "CREATED"
	Requested Status = "REQUESTED" // a device has requested a code
	Allowed   Status = "GRANTED"   // a user has approved the code
	Active    Status = "ACTIVE"    // the device has received its tokens
)
