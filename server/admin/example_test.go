package admin_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/saltern-api/saltern/server/admin"
)

// A probe learns which part is missing, and nothing else of the error.
func Example() {
	h := admin.Handler(admin.Options{
		Registry: prometheus.NewRegistry(),
		Ready:    func(context.Context) error { return &admin.NotReady{Part: "master", Err: errors.New("no answer")} },
		Log:      slog.New(slog.DiscardHandler),
	})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/readyz", nil))
	fmt.Println(w.Code, w.Body)
	// Output: 503 {"status": "not ready", "reason": "master"}
}
