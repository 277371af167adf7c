// Package events is the streams of the master's events: /events (server-sent
// events), /ws (the websocket of rest_cherrypy), /all_events and
// /formatted_events (those of rest_tornado).
//
// A stream ends when the credential that it was opened with ends, or when the
// server stops. [Limits] bounds the number of streams. [Views] coalesces the
// requests for grains of the views that show jobs and minions.
//
// It imports lowstate, saltmaster/eventstream, server/audit, server/caller and
// server/web.
package events
