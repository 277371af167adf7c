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
