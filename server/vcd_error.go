package server

import (
	"errors"
	"net/http"

	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
)

// codeForbidden is what VCD answers for what there is not and for what one may
// not see alike. Its clients take it for "not found".
const codeForbidden = "ACCESS_TO_RESOURCE_IS_FORBIDDEN"

func forbiddenOrAbsent(err error) error {
	return &doorError{status: http.StatusForbidden, code: codeForbidden, err: err,
		text: "either there is none, or you may not see it"}
}

// hidden is tokenError for something that a path names.
func hidden(err error) error {
	if errors.Is(err, issuer.ErrNotFound) {
		return forbiddenOrAbsent(err)
	}
	return tokenError(err)
}

// cloudError is how VCD's newer API tells of errors.
func cloudError(x *exchange, e *doorError) {
	writeBody(x, "application/json", e.status, compact(struct {
		MinorErrorCode string  `json:"minorErrorCode"`
		Message        string  `json:"message"`
		StackTrace     *string `json:"stackTrace"` // null
	}{e.code, e.text, nil}))
}
