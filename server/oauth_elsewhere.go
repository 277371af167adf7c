package server

import (
	"net/http"
	"strings"

	"github.com/saltern-api/saltern/server/web"
)

// Where errors look as a door writes them, also those of paths and methods that
// it does not have: its clients read no others.
var (
	cspPaths = []doorPath{{"/csp/gateway", writeCSPError}, {cspLoginPath, writeOAuthVCDError}}
	vcdPaths = []doorPath{
		{"/oauth", writeOAuthVCDError}, {web.MetadataPath, writeOAuthVCDError}, {web.ResourcePath, writeOAuthVCDError},
		{"/cloudapi", writeCloudError}, {"/api/org", writeXMLError}, {"/api/versions", writeXMLError},
	}
)

type doorPath struct {
	path  string
	write style
}

// styleAt is how errors look at a path, or nil where no door is open.
func (d *doors) styleAt(path string) style {
	var open []doorPath
	if !d.with.NoCSP {
		open = append(open, cspPaths...)
	}
	if !d.with.NoVCD {
		open = append(open, vcdPaths...)
	}
	for _, at := range open {
		if rest, ok := strings.CutPrefix(path, at.path); ok && (rest == "" || rest[0] == '/') {
			return at.write
		}
	}
	return nil
}

// orDoor has a door answer a request that has no route, where its path is a
// door's, and next do that elsewhere.
func (d *doors) orDoor(h handler, next http.Handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if write := d.styleAt(r.URL.Path); write != nil {
			d.door(write, h)(w, r)
			return
		}
		next.ServeHTTP(w, r)
	}
}

func noSuchPath(*exchange, *http.Request) error {
	return &web.Error{Status: http.StatusNotFound, Code: web.CodeNotFound, Text: "there is no such path"}
}

// noSuchMethod is asked by the router for any method that it does not know, on
// whatever path.
func noSuchMethod(m *web.Mux) handler {
	return func(x *exchange, r *http.Request) error {
		allowed := m.Allowed(r)
		if len(allowed) == 0 {
			return noSuchPath(x, r)
		}
		x.Header().Set("Allow", strings.Join(allowed, ", "))
		return &web.Error{Status: http.StatusMethodNotAllowed, Code: web.CodeInvalidRequest, Text: "that method is not for this path"}
	}
}
