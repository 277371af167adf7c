// Package openapi holds the description of the API, which is served as
// /openapi.yaml and held against real answers by tests.
//
//	w.Write(openapi.Document())
//
// It imports nothing of Saltern.
package openapi

import _ "embed"

//go:embed openapi.yaml
var document []byte

// Document returns the description, an OpenAPI 3.0 document in YAML.
func Document() []byte { return document }
