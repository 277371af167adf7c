// Package web is one request and its answer, for all the APIs of the gateway.
//
// Handlers return an [Error] for what clients are to see, or any other error:
// [ErrorOf] is the one place where the errors of lowstate, eauth and budget
// become answers.
//
// [Front] is what every request passes first, and [Mux] has the routes, of which each
// has the [ErrorWriter] of its [API]. Handlers get an [Exchange], from which they
// read the body, within the bounds of [Bodies], and to which they write the answer.
//
// It imports lowstate, eauth and internal packages, and none of the packages of
// server but server/format.
package web
