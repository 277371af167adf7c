// Package admin serves the endpoints for operators: /metrics for Prometheus,
// /healthz and /readyz. They are not for the public.
//
// It imports server/web, and nothing else of this module.
package admin
