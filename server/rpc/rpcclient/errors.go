package rpcclient

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Error is what a method answered in place of a result. docs/rpc.md lists the codes of
// Saltern.
type Error struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
	Detail  Detail `json:"detail"`
}

// Detail says more about an [Error].
type Detail struct {
	State      string `json:"state"`       // the code in a word, such as not_found
	Parameter  string `json:"parameter"`   // that is wrong
	RetryAfter int    `json:"retry_after"` // seconds; 0 if it is not known
}

// Error returns the message.
func (e *Error) Error() string {
	text := e.Message
	if text == "" {
		text = "an error without a message"
	}
	if e.Detail.State != "" {
		text += " (" + e.Detail.State + ")"
	}
	return text
}

// UnmarshalJSON also reads errors that are a text, and details in another form.
func (e *Error) UnmarshalJSON(text []byte) error {
	var message string
	if json.Unmarshal(text, &message) == nil {
		*e = Error{Message: message}
		return nil
	}
	var parts struct {
		Code    json.RawMessage `json:"code"`
		Message json.RawMessage `json:"message"`
		Detail  json.RawMessage `json:"detail"`
	}
	if err := json.Unmarshal(text, &parts); err != nil {
		return fmt.Errorf("read an error: %w", err)
	}
	*e = Error{}
	_ = json.Unmarshal(parts.Code, &e.Code) // of another type it says nothing here
	if json.Unmarshal(parts.Message, &e.Message) != nil {
		e.Message = string(parts.Message)
	}
	if json.Unmarshal(parts.Detail, &e.Detail) != nil {
		e.Detail = Detail{}
	}
	return nil
}

// StatusError is an answer to a request that is not 200: nothing of it was carried out
// if the status is less than 500.
type StatusError struct {
	Status     int
	Message    string        // of the answer, if it has one
	RetryAfter time.Duration // 0 if it is not known
}

// Error returns the status and the message.
func (e *StatusError) Error() string {
	text := fmt.Sprintf("the server answered %d %s", e.Status, http.StatusText(e.Status))
	if e.Message != "" {
		text += ": " + e.Message
	}
	return text
}

// maxMessage bounds what is shown of an answer, in bytes.
const maxMessage = 512

func statusError(resp *http.Response, text []byte) *StatusError {
	e := &StatusError{Status: resp.StatusCode}
	var answer envelope
	if json.Unmarshal(text, &answer) == nil && answer.Error != nil {
		e.Message = answer.Error.Message
	}
	if len(e.Message) > maxMessage {
		e.Message = strings.ToValidUTF8(e.Message[:maxMessage], "")
	}
	if seconds, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && seconds > 0 {
		e.RetryAfter = time.Duration(seconds) * time.Second
	}
	return e
}
