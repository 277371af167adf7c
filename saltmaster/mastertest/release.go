package mastertest

// release is what differs between the masters, as recorded.
type release struct {
	prefixed     bool   // events have a 4-byte length before them
	jidEvent     bool   // a job begins with the event <jid>, and has no salt/job/<jid>/publish
	stampZone    string // end of a _stamp
	tokenSuffix  string // end of a token's file name; with one the token is wrapped in {data, _expires}
	pooled       bool   // requests are routed by content before a worker sees them
	nestedWheel  bool   // a wheel says its events twice, under two jids
	silentRunner bool   // an unknown runner or wheel function says nothing on the bus, and gets another answer
	sockFiles    []string
	jobExtra     []pair // what a publication carries beside its own keys
}

var releases = map[string]release{
	"3006.26": {
		prefixed: true, jidEvent: true, nestedWheel: true,
		sockFiles: []string{"publish_pull.ipc", "workers.ipc"},
	},
	"3008.3": {
		stampZone: "+00:00", tokenSuffix: ".p", pooled: true, silentRunner: true,
		sockFiles: []string{"publish_pull.ipc", "workers.ipc", "workers-default.ipc"},
		jobExtra: []pair{
			{"resource_targets", texts(nil)}, {"pure_resource_target", boolean(false)}, {"minion_is_target", boolean(true)},
		},
	},
}
