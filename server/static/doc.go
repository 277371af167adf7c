// Package static serves the files that an operator puts beside the API: those of
// a folder, the page of a web application, and an icon. Anybody may read them.
//
// It imports server/format and server/web.
package static
