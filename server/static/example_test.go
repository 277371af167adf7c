package static_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"

	"github.com/saltern-api/saltern/server/static"
	"github.com/saltern-api/saltern/server/web"
	"github.com/saltern-api/saltern/server/web/webtest"
)

// The page of a web application is served at /app.
func Example() {
	dir, err := os.MkdirTemp("", "static")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	page := filepath.Join(dir, "index.html")
	if err := os.WriteFile(page, []byte("<title>app</title>"), 0o600); err != nil {
		fmt.Println(err)
		return
	}
	mux := web.NewMux()
	static.New(static.Options{App: page}).Mount(mux)
	w := webtest.Send(webtest.Front(mux), httptest.NewRequest(http.MethodGet, "/app", nil))
	fmt.Println(w.Code, w.Header().Get("Content-Type"), w.Body)
	// Output: 200 text/html; charset=utf-8 <title>app</title>
}
