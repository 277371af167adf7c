package masterconf

import (
	"errors"
	"fmt"
	"strings"
)

// Problem is one reason why the configuration cannot be used.
type Problem struct {
	File string
	Line int    // from 1; 0 when not known
	Key  string // the option, with its section: "rest_cherrypy.port"; empty when the file as a whole is meant
	Msg  string
}

// Error returns "file:line: key: msg" without the parts that are not known.
func (p *Problem) Error() string { return place(p.File, p.Line, p.Key, p.Msg) }

// Warning is something that an operator should know and that does not stop the gateway.
type Warning Problem

// String returns "file:line: key: msg" without the parts that are not known.
func (w Warning) String() string { return place(w.File, w.Line, w.Key, w.Msg) }

func place(file string, line int, key, msg string) string {
	var b strings.Builder
	if file != "" {
		b.WriteString(file)
		if line > 0 {
			fmt.Fprintf(&b, ":%d", line)
		}
		b.WriteString(": ")
	}
	if key != "" {
		b.WriteString(key + ": ")
	}
	return b.String() + msg
}

// report collects everything that is found, so that an operator sees it at once.
type report struct {
	problems []error
	warnings []Warning
	idled    []Problem // why sections of listeners are not started
}

// where is the place of an option.
type where struct {
	file string
	line int
	key  string
}

func (r *report) problem(at where, format string, args ...any) {
	r.problems = append(r.problems, &Problem{at.file, at.line, at.key, fmt.Sprintf(format, args...)})
}

func (r *report) warn(at where, format string, args ...any) {
	r.warnings = append(r.warnings, Warning{at.file, at.line, at.key, fmt.Sprintf(format, args...)})
}

// idle reports a section that has no listener.
func (r *report) idle(at where, format string, args ...any) {
	r.idled = append(r.idled, Problem{at.file, at.line, at.key, fmt.Sprintf(format, args...)})
}

// settleIdle makes warnings of the sections without a listener where another
// one listens, as salt-api then runs, and else problems.
func (r *report) settleIdle(listens bool) {
	for _, p := range r.idled {
		if listens {
			r.warnings = append(r.warnings, Warning(p))
			continue
		}
		r.problems = append(r.problems, &p)
	}
}

func (r *report) err() error { return errors.Join(r.problems...) }

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
