package web_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/saltern-api/saltern/server/web"
	"github.com/saltern-api/saltern/server/web/webtest"
)

// greeting is an API with one route.
type greeting struct{}

func (greeting) Mount(m *web.Mux) {
	m.Get("/hello/{name}", func(x *web.Exchange, r *http.Request) error {
		name := web.Param(r, "name")
		if name != "salt" {
			return &web.Error{Status: http.StatusNotFound, Text: "there is no " + name}
		}
		x.WriteJSON(http.StatusOK, web.JSON("hello, "+name))
		return nil
	}, web.NoStore)
}

// An API has its routes, and its own way to write errors.
func Example() {
	mux := web.NewMux(web.Errors(func(x *web.Exchange, _ *http.Request, e *web.Error) {
		x.WriteJSON(e.Status, web.JSON(map[string]string{"error": e.Text}))
	}))
	greeting{}.Mount(mux)
	front := webtest.Front(mux)
	for _, path := range []string{"/hello/salt", "/hello/pepper"} {
		w := webtest.Send(front, httptest.NewRequest(http.MethodGet, path, nil))
		fmt.Println(w.Code, w.Body)
	}
	// Output:
	// 200 "hello, salt"
	// 404 {"error":"there is no pepper"}
}
