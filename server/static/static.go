package static

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/saltern-api/saltern/server/format"
	"github.com/saltern-api/saltern/server/web"
)

// Options are the options of rest_cherrypy for files. An option that is
// empty is off.
type Options struct {
	Static     string // a directory
	StaticPath string // its URL path; "" stands for /static
	App        string // a file: the page of a web application
	AppPath    string // its URL path; "" stands for /app
	Favicon    string // a file
}

// Files serves the files, without authentication. A file is opened per request,
// so that an application can be replaced at any time.
type Files struct{ cfg Options }

const faviconPath = "/favicon.ico"

// New returns the Files of the options.
func New(cfg Options) *Files {
	cfg.StaticPath = urlPath(cmp.Or(cfg.StaticPath, "/static"))
	cfg.AppPath = urlPath(cmp.Or(cfg.AppPath, "/app"))
	return &Files{cfg}
}

// urlPath returns a path with a leading slash and no trailing one.
func urlPath(p string) string { return "/" + strings.Trim(p, "/") }

// Mount adds the routes of the options that are set.
func (s *Files) Mount(m *web.Mux) {
	if s.cfg.Static != "" {
		m.Files(s.cfg.StaticPath+"/*", s.static)
	}
	m.Files(s.cfg.AppPath, s.app)
	m.Files(s.cfg.AppPath+"/*", s.app)
	if s.cfg.Favicon != "" {
		m.Files(faviconPath, s.favicon)
	}
}

var _ web.API = (*Files)(nil)

// static serves the files below the directory: regular ones only, and none
// outside of it through a symbolic link. It never lists a directory.
func (s *Files) static(w http.ResponseWriter, r *http.Request) {
	name, ok := strings.CutPrefix(r.URL.Path, strings.TrimSuffix(s.cfg.StaticPath, "/")+"/")
	if !ok || s.cfg.Static == "" {
		missing(w, r)
		return
	}
	f, err := openBelow(s.cfg.Static, name)
	serve(w, r, f, err)
}

// app serves the application's page for any path below its own: the application
// reads the path itself.
func (s *Files) app(w http.ResponseWriter, r *http.Request) {
	serveFile(w, r, s.cfg.App)
}

// favicon serves the icon.
func (s *Files) favicon(w http.ResponseWriter, r *http.Request) {
	serveFile(w, r, s.cfg.Favicon)
}

// Wrap serves the application's page to requests that prefer HTML, and leaves
// all others to next.
func (s *Files) Wrap(next http.Handler) http.Handler {
	if s.cfg.App == "" {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.overrides(r) {
			s.app(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// overrides reports whether a request outside of the page's path gets the page.
// The excluded paths are compared as prefixes of text, as in salt-api: /app
// excludes /apple, too.
func (s *Files) overrides(r *http.Request) bool {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	p := r.URL.Path
	if strings.HasPrefix(p, s.cfg.AppPath) || strings.HasPrefix(p, s.cfg.StaticPath) ||
		p == faviconPath && s.cfg.Favicon != "" {
		return false
	}
	return format.PrefersHTML(r.Header["Accept"])
}

func serveFile(w http.ResponseWriter, r *http.Request, name string) {
	if name == "" {
		missing(w, r)
		return
	}
	f, err := regular(os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0))
	serve(w, r, f, err)
}

// openBelow opens a file by the rest of a URL's path.
func openBelow(folder, name string) (*os.File, error) {
	local, err := filepath.Localize(name)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }() // only read from
	// Opening a named pipe would block until another process writes to it.
	return regular(root.OpenFile(local, os.O_RDONLY|syscall.O_NONBLOCK, 0))
}

var errNotRegular = errors.New("not a regular file")

// regular returns an opened file if it is a regular one, and an error
// otherwise.
func regular(f *os.File, err error) (*os.File, error) {
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errNotRegular
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// serve serves a file opened with regular. If that failed, the response is a
// 404 without the reason.
func serve(w http.ResponseWriter, r *http.Request, f *os.File, err error) {
	if err != nil {
		missing(w, r)
		return
	}
	defer func() { _ = f.Close() }() // only read from
	info, err := f.Stat()
	if err != nil {
		missing(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", contentType(f.Name()))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Etag", etag(info))
	http.ServeContent(w, r, f.Name(), info.ModTime(), f)
}

// etag returns the ETag of a file's current state.
func etag(info fs.FileInfo) string {
	return fmt.Sprintf(`"%x-%x"`, info.ModTime().UnixNano(), info.Size())
}

// contentTypes are the types of an application's files. They take precedence,
// since hosts have different tables.
var contentTypes = map[string]string{
	".css":         "text/css; charset=utf-8",
	".gif":         "image/gif",
	".htm":         "text/html; charset=utf-8",
	".html":        "text/html; charset=utf-8",
	".ico":         "image/x-icon",
	".jpeg":        "image/jpeg",
	".jpg":         "image/jpeg",
	".js":          "text/javascript; charset=utf-8",
	".json":        "application/json",
	".map":         "application/json",
	".md":          "text/markdown; charset=utf-8",
	".mjs":         "text/javascript; charset=utf-8",
	".png":         "image/png",
	".svg":         "image/svg+xml",
	".txt":         "text/plain; charset=utf-8",
	".wasm":        "application/wasm",
	".webmanifest": "application/manifest+json",
	".webp":        "image/webp",
	".woff":        "font/woff",
	".woff2":       "font/woff2",
	".xml":         "text/xml; charset=utf-8",
	".yaml":        "application/yaml",
	".yml":         "application/yaml",
}

func contentType(name string) string {
	ext := strings.ToLower(path.Ext(name))
	return cmp.Or(contentTypes[ext], mime.TypeByExtension(ext), "application/octet-stream")
}

// missing writes a 404 where salt-api sends an HTML page.
func missing(w http.ResponseWriter, r *http.Request) {
	body := `{"status": 404, "return": ` + web.JSONText(web.NotFoundText(r)) + `}`
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusNotFound)
	_, _ = w.Write([]byte(body)) // the client is gone
}
