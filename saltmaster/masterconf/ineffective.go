package masterconf

// ineffective are options of salt-api that change nothing here, and why.
// Each that is set is a warning.
var ineffective = []struct{ section, key, why string }{
	{"rest_cherrypy", "thread_pool", "has no effect: requests need no thread of a pool; limits.connections of saltern.yaml bounds them"},
	{"rest_cherrypy", "queue_size", "has no effect: the system's own queue of connections is used"},
	{"rest_cherrypy", "socket_queue_size", "has no effect: the system's own queue of connections is used"},
	{"rest_cherrypy", "expire_responses", "has no effect, as with CherryPy 12 and newer: every wait has its own limit"},
	{"rest_cherrypy", "log_access_file", "has no effect: requests are logged as JSON on standard error"},
	{"rest_cherrypy", "log_error_file", "has no effect: errors are logged as JSON on standard error"},
	{"rest_cherrypy", "debug", "has no effect: a client is never shown a traceback; log.level of saltern.yaml is for the log"},
	{"rest_tornado", "backlog", "has no effect: the system's own queue of connections is used"},
	{"rest_tornado", "num_processes", "has no effect: one process uses all cores"},
	{"rest_tornado", "debug", "has no effect: a client is never shown a traceback; log.level of saltern.yaml is for the log"},
	{"", "api_logfile", "has no effect: the log goes to standard error"},
	{"", "api_pidfile", "has no effect: the service manager knows the process"},
}

// warnIneffective warns of every such option that is set.
func (o options) warnIneffective(section string) {
	for _, i := range ineffective {
		if i.section != section {
			continue
		}
		if v, at, _ := o.value(i.key); v != nil {
			o.rep.warn(at, "%s", i.why)
		}
	}
}
