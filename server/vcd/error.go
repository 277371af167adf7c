package vcd

import (
	"errors"
	"net/http"

	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/server/tokenapi"
	"github.com/saltern-api/saltern/server/web"
)

// codeForbidden is Cloud Director's code both for what is not there and for what
// the caller may not see. Its clients take it for "not found".
const codeForbidden = "ACCESS_TO_RESOURCE_IS_FORBIDDEN"

func forbiddenOrAbsent(err error) error {
	return &web.Error{Status: http.StatusForbidden, Code: codeForbidden, Err: err,
		Text: "either there is none, or you may not see it"}
}

// asForbidden makes the error of something that a path names, and that is not
// there, the same as that of something which the caller may not see.
func asForbidden(err error) error {
	if errors.Is(err, issuer.ErrNotFound) {
		return forbiddenOrAbsent(err)
	}
	return err
}

// writeCloudError writes an error of Cloud Director's newer API.
func writeCloudError(x *web.Exchange, _ *http.Request, e *web.Error) {
	x.WriteBody("application/json", e.Status, web.JSON(struct {
		MinorErrorCode string  `json:"minorErrorCode"`
		Message        string  `json:"message"`
		StackTrace     *string `json:"stackTrace"` // null
	}{e.OAuthCode(), tokenapi.ASCII(e.Text), nil}))
}
