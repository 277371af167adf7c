package sqlstore

import (
	"bytes"
	"encoding/base64"
	"encoding/json"

	"github.com/saltern-api/saltern/records"
)

// cursor is where a page begins: after a record of an order. It gives no access:
// the filter applies to what follows it.
type cursor struct {
	Order string `json:"o"`           // the sort of jobs, or one of those below
	Text  string `json:"t,omitempty"` // the key of the order, where it is text
	Num   int64  `json:"n,omitempty"` // the key of the order, where it is a time or an arrival
	ID    int64  `json:"i,omitempty"` // of the job
}

// The orders of returns.
const (
	orderReturns = "returns"
	orderArrived = "arrived"
)

func (c cursor) String() string {
	text, err := json.Marshal(c)
	if err != nil {
		return "" // strings and integers can always be marshaled
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// parseCursor returns the cursor of a text, which is one of this order.
func parseCursor(text, order string) (cursor, error) {
	var c cursor
	if len(text) > records.MaxCursor {
		return c, badCursor()
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return c, badCursor()
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if d.Decode(&c) != nil || d.InputOffset() != int64(len(raw)) || c.Order != order || !isText(c.Text) {
		return cursor{}, badCursor()
	}
	return c, nil
}

func badCursor() error {
	return &records.InvalidError{Field: "cursor", Why: "it is not one of a former page with this order"}
}
