// Package events is the streams of the master's events: /events (server-sent
// events), /ws (the websocket of rest_cherrypy), /all_events and
// /formatted_events (those of rest_tornado).
//
// A stream ends with the credential that it was opened with, and when the server
// stops. [Limits] bounds how many there are, and [Views] has the views that show
// jobs and minions ask for grains together.
//
// It imports lowstate, saltmaster/eventstream, server/audit, server/caller and
// server/web.
package events
