package recorder

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/saltmaster/arguments"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// maxArguments is the most bytes of the arguments of a job.
const maxArguments = 8 << 10

// maxTgt is the most bytes of a target that is a list.
const maxTgt = 1024

// trimMark is what the master puts in the place of a value that is too large
// for its event bus.
const trimMark = "VALUE_TRIMMED"

// findJob is the function by which callers find out whether minions still work
// on a job. Its own jobs are not recorded.
const findJob = "saltutil.find_job"

// maxFindJob bounds the jids in a call of findJob.
const maxFindJob = 100

// Entry is what one event is about: a job, a return of it, or both.
type Entry struct {
	Job    *records.Job    `json:"job,omitempty"`
	Return *records.Return `json:"return,omitempty"`

	// Asked are jids of which a caller finds out whether minions still work on
	// them, and Working those on which a minion does.
	Asked   []string `json:"asked,omitempty"`
	Working []string `json:"working,omitempty"`

	// Note is set where the job is what this gateway noted, and no event.
	Note bool `json:"note,omitempty"`

	// Claim is set where events are not believed, in place of what the event says.
	Claim *Claim `json:"claim,omitempty"`

	At time.Time `json:"at"` // when it was read
}

// Decoder makes entries of events.
type Decoder struct {
	// MasterID is the id of the master, under which runner and wheel functions
	// return. Where its configuration has none, it is empty: Salt makes one of the
	// host's name then, which ends in _master, and they are recorded under
	// "master".
	MasterID string

	// MaxValue is the most bytes of a value that is kept.
	MaxValue int

	// SyndicWait is positive before a master of masters: there are entries of returns
	// that syndics hand on, which have no command.
	SyndicWait time.Duration

	// Verified makes entries of claims: nothing that an event says is recorded.
	Verified bool
}

func (d Decoder) master() string { return cmp.Or(d.MasterID, "master") }

func (d Decoder) isMaster(id string) bool {
	if d.MasterID == "" {
		return strings.HasSuffix(id, "_master")
	}
	return id == d.MasterID
}

// Decode returns what an event of the master is about. ok is false for one that
// is not recorded. The entry does not share the bytes of the data.
func (d Decoder) Decode(tag string, data msgpack.Raw, now time.Time) (e Entry, ok bool) {
	e.At = now
	parts := strings.SplitN(tag, "/", 5)
	if len(parts) < 4 || parts[0] != "salt" || data.Kind() != msgpack.Map {
		return e, false
	}
	jid, what := parts[2], parts[3]
	if jid == "" || data.LookupStr("jid") != jid {
		return e, false
	}
	switch {
	case d.Verified:
		return d.claimed(e, parts, data)
	case parts[1] == "job" && what == "new" && len(parts) == 4:
		return d.published(e, jid, data)
	case parts[1] == "job" && what == "ret" && len(parts) == 5:
		return d.returned(e, jid, parts[4], data)
	case (parts[1] == "run" || parts[1] == "wheel") && len(parts) == 4 && (what == "new" || what == "ret"):
		return d.called(e, parts[1], jid, what, data)
	}
	return e, false
}

// published decodes salt/job/<jid>/new.
func (d Decoder) published(e Entry, jid string, data msgpack.Raw) (Entry, bool) {
	fun := names(data, "fun", maxTgt)
	if fun == findJob {
		return asked(e, data)
	}
	j := load(jid, "local", data, "arg")
	if list, ok := data.Lookup("minions"); ok {
		j.Minions = minions(list)
	}
	e.Job = &j
	return e, true
}

// asked decodes the publication of a saltutil.find_job.
func asked(e Entry, data msgpack.Raw) (Entry, bool) {
	arg, _ := data.Lookup("arg")
	e.Asked = jids(arg)
	return e, len(e.Asked) > 0
}

// working decodes a return of it.
func working(e Entry, data msgpack.Raw) (Entry, bool) {
	ret, _ := data.Lookup("return")
	if ret.Kind() == msgpack.Map && ret.Len() > 0 {
		arg, _ := data.Lookup("fun_args")
		e.Working = jids(arg)
	}
	return e, len(e.Working) > 0
}

// load decodes what events and the job cache have in common.
func load(jid, client string, data msgpack.Raw, arg string) records.Job {
	j := records.Job{
		JID: jid, Client: client, User: data.LookupStr("user"), Fun: names(data, "fun", maxTgt),
		Tgt: names(data, "tgt", maxTgt), TgtType: data.LookupStr("tgt_type"), Start: stamp(data),
	}
	if v, ok := data.Lookup(arg); ok {
		w := arguments.NewWriter(maxArguments)
		_ = w.Value(v) // what was written until then is kept
		j.Arguments, _ = w.Bytes()
	}
	return j
}

// returned decodes salt/job/<jid>/ret/<minion>. Only the master fires events with
// this command, unless a minion makes one that looks the same.
func (d Decoder) returned(e Entry, jid, minion string, data msgpack.Raw) (Entry, bool) {
	cmd, isSet := data.Lookup("cmd")
	text, _ := cmd.Str()
	if data.LookupStr("id") != minion || text != "_return" && (isSet || d.SyndicWait <= 0) {
		return e, false
	}
	ret, ok := data.Lookup("return")
	if !ok {
		return e, false
	}
	if data.LookupStr("fun") == findJob {
		return working(e, data)
	}
	r := d.result(jid, minion, data, ret)
	e.Return = &r
	return e, true
}

// result decodes the outcome of a function.
func (d Decoder) result(jid, minion string, data, ret msgpack.Raw) records.Return {
	r := records.Return{JID: jid, Minion: minion, Time: stamp(data), Fun: names(data, "fun", maxTgt), Size: int64(len(ret))}
	if v, ok := data.Lookup(sizeKey); ok {
		r.Size, _ = v.Int()
	}
	if v, ok := data.Lookup("retcode"); ok {
		n, isInt := v.Int()
		if !isInt {
			n = 1
		}
		r.Retcode = int(n)
	}
	r.Success = r.Retcode == 0
	if v, ok := data.Lookup("success"); ok {
		r.Success, _ = v.Bool()
	}
	if text, isText := ret.Str(); len(ret) > d.MaxValue || isText && text == trimMark {
		r.Omitted = true
	} else {
		r.Value = slices.Clone(ret) // not to keep all of the event, with arguments that may be large
	}
	return r
}

// called decodes the events of runner and wheel functions.
func (d Decoder) called(e Entry, kind, jid, what string, data msgpack.Raw) (Entry, bool) {
	client := "wheel"
	if kind == "run" {
		client = "runner"
	}
	j := load(jid, client, data, "fun_args")
	if j.Fun == "" {
		return e, false
	}
	j.Minions = []string{d.master()}
	e.Job = &j
	if what == "new" {
		return e, true
	}
	ret, ok := data.Lookup("return")
	if !ok {
		return e, false
	}
	r := d.result(jid, d.master(), data, ret)
	e.Return = &r
	return e, true
}

// stamp returns the time of an event. Salt up to 3007 writes it without an
// offset, in UTC.
func stamp(data msgpack.Raw) time.Time {
	text := data.LookupStr("_stamp")
	for _, layout := range []string{"2006-01-02T15:04:05.999999Z07:00", "2006-01-02T15:04:05.999999"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}

// names returns a text, or the texts of a list joined by commas.
func names(data msgpack.Raw, key string, most int) string {
	v, _ := data.Lookup(key)
	if text, ok := v.Str(); ok {
		return text
	}
	var b strings.Builder
	_ = v.Elems(func(v msgpack.Raw) error {
		if text, ok := v.Str(); ok && b.Len() < most {
			if b.Len() > 0 {
				b.WriteByte(',')
			}
			b.WriteString(text)
		}
		return nil
	})
	return b.String()
}

// minions returns a list of names. Those beyond the bound are left out.
func minions(list msgpack.Raw) []string {
	if list.Kind() != msgpack.Array {
		return nil
	}
	all := make([]string, 0, min(list.Len(), len(list), records.MaxMinions)) // as many as there can be in so many bytes
	_ = list.Elems(func(v msgpack.Raw) error {
		if text, ok := v.Str(); ok && len(all) < records.MaxMinions {
			all = append(all, text)
		}
		return nil
	})
	return all
}

// jids returns the jids among arguments.
func jids(arg msgpack.Raw) (all []string) {
	_ = arg.Elems(func(v msgpack.Raw) error {
		if text, ok := v.Str(); ok && len(all) < maxFindJob {
			if _, isJID := records.StartOf(text); isJID {
				all = append(all, text)
			}
		}
		return nil
	})
	return all
}
