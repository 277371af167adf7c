package events_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/saltern-api/saltern/internal/settings"
	"github.com/saltern-api/saltern/server/caller/callertest"
	"github.com/saltern-api/saltern/server/events"
	"github.com/saltern-api/saltern/server/web"
	"github.com/saltern-api/saltern/server/web/webtest"
)

// A client checks with HEAD whether it would get events.
func Example() {
	resolver, _ := callertest.New()
	mux := web.NewMux()
	api := &events.API{
		Resolver: resolver, CORS: web.NewCORS(nil, nil), Views: events.NewViews(), Stopping: context.Background(),
		Limits: events.NewLimits(settings.Default().Events, prometheus.NewRegistry()),
	}
	api.Mount(mux)

	r := httptest.NewRequest(http.MethodHead, "/events", nil)
	r.Header.Set("X-Auth-Token", "session")
	w := webtest.Send(webtest.Front(mux), r)
	fmt.Println(w.Code, w.Header().Get("Content-Type"))
	// Output: 200 text/event-stream;charset=utf-8
}
