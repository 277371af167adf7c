package tokenapi

import (
	"net/http"
	"strings"

	"github.com/saltern-api/saltern/server/web"
)

// Area is a path and all paths below it, with the writer of their errors: also
// for paths and methods without a route, since the API's clients read no other
// errors.
type Area struct {
	Path  string
	Write web.ErrorWriter
}

// Areas are the areas of one API.
type Areas []Area

// ErrorWriterFor returns the writer of errors at a path, or nil if the path is
// in no area.
func (a Areas) ErrorWriterFor(path string) web.ErrorWriter {
	for _, at := range a {
		if rest, ok := strings.CutPrefix(path, at.Path); ok && (rest == "" || rest[0] == '/') {
			return at.Write
		}
	}
	return nil
}

// Unrouted handles requests without a route: in an API's area with its errors,
// and elsewhere with next.
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
