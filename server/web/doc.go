// Package web holds one request and its response, for all APIs of the gateway.
//
// Handlers return an [Error] with what clients may see, or any other error:
// [ErrorOf] is the one place where the errors of lowstate, eauth and budget
// become responses.
//
// Every request passes [Front] first. [Mux] has the routes, each with the
// [ErrorWriter] of its [API]. Handlers get an [Exchange], from which they read
// the body, within the bounds of [Bodies], and to which they write the
// response.
//
// It imports lowstate, eauth and internal packages, and none of the packages of
// server but server/format.
package web
