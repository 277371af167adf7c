// Package web is one request and its answer, for all the APIs of the gateway.
//
// Handlers return an [Error] for what clients are to see, or any other error:
// [ErrorOf] is the one place where the errors of lowstate, eauth and budget
// become answers.
//
// It imports lowstate, eauth and internal packages, and none of the packages of
// server but server/format.
package web
