package server

import (
	"net/http"

	"github.com/saltern-api/saltern/server/openapi"
)

// description answers GET /openapi.yaml.
func (s *mainSurface) description(x *exchange, _ *http.Request) error {
	writeBody(x, "application/yaml", http.StatusOK, openapi.Document())
	return nil
}
