package openapi

import _ "embed"

//go:embed openapi.yaml
var document []byte

// Document returns the description, an OpenAPI 3.0 document in YAML.
func Document() []byte { return document }
