package tokenapi

import (
	"net/http"
	"strings"

	"github.com/saltern-api/saltern/server/web"
)

// Area is a path and all below it, with the way in which errors are written
// there: also those of paths and methods that the API does not have, as its
// clients read no others.
type Area struct {
	Path  string
	Write web.ErrorWriter
}

// Areas are those of one API.
type Areas []Area

// ErrorWriterFor returns how errors are written at a path, or nil where the path
// is none of the API's.
func (a Areas) ErrorWriterFor(path string) web.ErrorWriter {
	for _, at := range a {
		if rest, ok := strings.CutPrefix(path, at.Path); ok && (rest == "" || rest[0] == '/') {
			return at.Write
		}
	}
	return nil
}

// Unrouted answers requests that have no route: in an API's area as its errors
// are, and elsewhere by next.
func (m Realm) Unrouted(mux *web.Mux, areas Areas, next http.Handler) http.Handler {
	answer := func(x *web.Exchange, r *http.Request) error {
		allowed := mux.Allowed(r)
		if len(allowed) == 0 {
			return &web.Error{Status: http.StatusNotFound, Code: web.CodeNotFound, Text: "there is no such path"}
		}
		return &web.Error{Status: http.StatusMethodNotAllowed, Code: web.CodeInvalidRequest,
			Allow: strings.Join(allowed, ", "), Text: "that method is not for this path"}
	}
	handlers := make([]http.Handler, len(areas))
	for i, area := range areas {
		handlers[i] = mux.Handler(answer, m.Options(area.Write)...)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for i, area := range areas {
			if (Areas{area}).ErrorWriterFor(r.URL.Path) != nil {
				handlers[i].ServeHTTP(w, r)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}
