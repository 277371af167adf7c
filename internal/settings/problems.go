package settings

import (
	"fmt"
	"strings"
)

// A Problem is one error in the file.
type Problem struct {
	File string
	Line int    // 0 if it is about the file as a whole
	Key  string // dotted, such as "limits.connections"; "" likewise
	Text string
}

var _ error = Problem{}

// Error returns the problem in the form of compilers: file:line: key: text.
func (p Problem) Error() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d", p.Line)
	}
	b.WriteString(": ")
	if p.Key != "" {
		b.WriteString(p.Key + ": ")
	}
	b.WriteString(p.Text)
	return b.String()
}

// Problems are all errors in the file, in the order of its lines.
type Problems []Problem

var _ error = Problems(nil)

// Error returns one line per problem.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, problem := range p {
		lines[i] = problem.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns each problem as an error of its own.
func (p Problems) Unwrap() []error {
	all := make([]error, len(p))
	for i, problem := range p {
		all[i] = problem
	}
	return all
}
