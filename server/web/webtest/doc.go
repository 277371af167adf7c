// Package webtest sends requests to the APIs of package web without a listener.
//
// It imports server/web.
package webtest
