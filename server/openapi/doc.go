// Package openapi holds the description of the API, which is served as
// /openapi.yaml and held against real answers by tests.
//
//	w.Write(openapi.Document())
//
// It imports nothing of Saltern.
package openapi
