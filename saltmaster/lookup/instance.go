package lookup

import (
	"fmt"
	"strings"

	"github.com/saltern-api/saltern/saltmaster/jobcache"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// pairs are the entries of a map that is being made.
type pairs struct {
	n int
	b []byte
}

func (p *pairs) add(key string, v msgpack.Raw) {
	p.n++
	p.b = append(msgpack.AppendString(p.b, key), v...)
}

func (p *pairs) addText(key, v string) {
	p.n++
	p.b = msgpack.AppendString(msgpack.AppendString(p.b, key), v)
}

// appendTo appends the map to dst.
func (p pairs) appendTo(dst []byte) []byte { return append(msgpack.AppendMap(dst, p.n), p.b...) }

func (p pairs) raw() msgpack.Raw { return p.appendTo(nil) }

// orText returns a value of the load, or a text where it has none.
func orText(load msgpack.Raw, key, def string) msgpack.Raw {
	if v, ok := load.Lookup(key); ok {
		return v
	}
	return msgpack.AppendString(nil, def)
}

// instance is Salt's format_job_instance of a load.
func instance(load msgpack.Raw) (p pairs, err error) {
	arg, ok := load.Lookup("arg")
	if !ok {
		arg = msgpack.AppendArray(nil, 0)
	}
	if arg.Kind() != msgpack.Array {
		return p, ask("the arguments of a job are no list")
	}
	p.add("Function", orText(load, "fun", "unknown-function"))
	p.add("Arguments", arg)
	p.add("Target", orText(load, "tgt", "unknown-target"))
	p.add("Target-type", orText(load, "tgt_type", "list"))
	p.add("User", orText(load, "user", "root"))
	meta, ok, err := metadata(load, arg)
	if err != nil {
		return p, err
	}
	if ok {
		p.add("Metadata", meta)
	}
	if jobcache.Plain(p.raw()) != nil {
		return p, ask("a job has a value that changes in Python")
	}
	return p, nil
}

// metadata returns the metadata of a load: its own, that of its kwargs, or that
// of the keyword arguments of its function.
func metadata(load, arg msgpack.Raw) (meta msgpack.Raw, ok bool, err error) {
	if meta, ok := load.Lookup("metadata"); ok {
		return meta, true, nil
	}
	if kwargs, ok := load.Lookup("kwargs"); ok {
		if kwargs.Kind() != msgpack.Map {
			return nil, false, ask("the kwargs of a job are no map")
		}
		if meta, ok := kwargs.Lookup("metadata"); ok {
			return meta, true, nil
		}
	}
	_ = arg.Elems(func(v msgpack.Raw) error {
		mark, _ := v.Lookup("__kwarg__")
		if marked, isBool := mark.Bool(); !ok && marked && isBool {
			meta, ok = v.Lookup("metadata")
		}
		return nil
	})
	return meta, ok, nil
}

const textNoJob = "Cannot contact returner or no job with this jid"

// jobInstance is jobs.py's _format_jid_instance of a job.
func jobInstance(jid string, j jobcache.Job) (p pairs, err error) {
	switch {
	case j.Load.Len() == 0 && len(j.Minions) == 0:
		p.addText("Error", textNoJob)
	default:
		if p, err = instance(j.Load); err != nil {
			return p, err
		}
		switch own, ok := j.Load.Lookup("Minions"); {
		case len(j.Minions) > 0:
			p.add("Minions", texts(j.Minions))
		case ok && jobcache.Plain(own) != nil:
			return p, ask("a job has a value that changes in Python")
		case ok:
			p.add("Minions", own)
		}
	}
	start, err := startTime(jid)
	if err != nil {
		return p, err
	}
	p.addText("StartTime", start)
	return p, nil
}

func texts(list []string) msgpack.Raw {
	b := msgpack.AppendArray(nil, len(list))
	for _, s := range list {
		b = msgpack.AppendString(b, s)
	}
	return b
}

// jidLength is the length of a jid without the process id of unique_jid.
const jidLength = 20

var months = [...]string{"", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"}

// startTime is Salt's jid_to_time.
func startTime(jid string) (string, error) {
	for i := range len(jid) {
		if jid[i] >= 0x80 {
			return "", ask("the jid is not ASCII")
		}
	}
	if len(jid) != jidLength && (len(jid) <= jidLength+1 || jid[jidLength] != '_') {
		return "", nil
	}
	tens, ones := jid[4]-'0', jid[5]-'0'
	if tens > 1 || ones > 9 || 10*tens+ones > 12 {
		return "", ask("the jid names no month")
	}
	return fmt.Sprintf("%s, %s %s %s:%s:%s.%s",
		jid[:4], months[10*tens+ones], jid[6:8], jid[8:10], jid[10:12], jid[12:14], jid[14:20]), nil
}

// splitInput is salt.utils.args.split_input of a text or a list of texts.
func splitInput(v msgpack.Raw) (words []string, err error) {
	if s, ok := v.Str(); ok && v.Kind() == msgpack.Str {
		for word := range strings.SplitSeq(s, ",") {
			words = append(words, strings.Trim(word, " \t\n\r\v\f"))
		}
		if strings.ContainsFunc(s, func(r rune) bool { return r >= 0x80 || r >= 0x1c && r <= 0x1f }) {
			return nil, ask("white space that may be Python's alone")
		}
		return words, nil
	}
	if v.Kind() != msgpack.Array {
		return nil, ask("patterns that are neither a text nor a list")
	}
	err = v.Elems(func(e msgpack.Raw) error {
		s, ok := e.Str()
		if !ok || e.Kind() != msgpack.Str {
			return ask("a pattern that is no text")
		}
		words = append(words, s)
		return nil
	})
	return words, err
}
