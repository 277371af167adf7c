package lowstate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/saltern-api/saltern/internal/spool"
	"github.com/saltern-api/saltern/saltmaster/eventbus"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// sshEventWait is how long the last events may take after salt-ssh has ended.
const sshEventWait = time.Second

// sshAnswer assembles salt-api's answer from three sources, because salt-ssh
// prints only the return of a function: the job cache has the returns as they
// came, and the event bus has them with Salt's additions. Both may be missing.
type sshAnswer struct {
	job   *sshJob
	code  int       // of the program
	at    time.Time // when the program ended
	out   io.ReaderAt
	hosts []printedHost // the printed output, by host

	events map[string]msgpack.Raw
}

// read parses the output of salt-ssh: the hosts in the order of their returns. What they
// returned stays where it is until it is needed.
func (a *sshAnswer) read(out io.ReaderAt, size int64) (err error) {
	a.out = out
	if a.hosts, err = printedHosts(io.NewSectionReader(out, 0, size)); err != nil {
		return fmt.Errorf("output of salt-ssh: %w", err)
	}
	return nil
}

// value returns what is printed for a host.
func (a *sshAnswer) value(h printedHost) (msgpack.Raw, error) {
	js := make([]byte, h.size)
	_, err := a.out.ReadAt(js, h.off)
	if err == nil {
		js, err = msgpack.AppendFromJSON(nil, js)
	}
	if err != nil {
		return nil, fmt.Errorf("output of salt-ssh: %w", err)
	}
	return js, nil
}

// listen collects the events of the hosts.
func (a *sshAnswer) listen(ctx context.Context, sub *eventbus.Sub) error {
	if sub == nil || len(a.hosts) == 0 {
		return nil
	}
	waited, cancel := context.WithTimeout(ctx, sshEventWait)
	defer cancel()
	a.events = make(map[string]msgpack.Raw)
	for len(a.events) < len(a.hosts) {
		ev, err := sub.Next(waited)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if errors.Is(err, eventbus.ErrClosed) || waited.Err() != nil {
			return nil
		}
		if err != nil {
			continue // events were lost; others may follow
		}
		jid, id, isReturn := splitReturnTag(ev.Tag)
		if isReturn && jid == a.job.call.JID && a.has(id) {
			a.events[id] = ev.Data
		}
	}
	return nil
}

func (a *sshAnswer) has(id string) bool {
	for _, h := range a.hosts {
		if h.id == id {
			return true
		}
	}
	return false
}

// write writes the answer to a spool, the hosts one by one.
func (a *sshAnswer) write(to *spool.Spool) (Spooled, error) {
	mark, json := to.Size(), msgpack.NewJSONWriter(to)
	before := "{"
	for i := range a.hosts {
		h := a.hosts[i]
		v, err := a.entry(h)
		if err != nil {
			return Spooled{}, err
		}
		_, _ = to.Write(append(msgpack.AppendJSONString([]byte(before), h.id), ": "...)) // an error stays
		if err := writeReturn(json, to, v); err != nil {
			return Spooled{}, err
		}
		before = ", "
	}
	end := "}"
	if len(a.hosts) == 0 {
		end = "{}"
	}
	_, err := to.WriteString(end)
	return Spooled{to.Since(mark)}, err
}

// entry returns the entry of one host: the return with Salt's additions, or a
// text if there was none.
func (a *sshAnswer) entry(h printedHost) (none msgpack.Section, err error) {
	var entry sshMembers
	cached, isCached, err := a.job.Cache.Return(a.job.call.JID, h.id)
	event := a.events[h.id]
	switch {
	case err != nil:
		return none, err
	case isCached && cached.Return.Kind() != msgpack.Map:
		return cached.Return, nil
	case isCached:
		if err := entry.missing(cached.Return, ""); err != nil {
			return none, fmt.Errorf("job cache: %w", err)
		}
	case event == nil || trimmed(event):
		v, err := a.value(h)
		if err != nil {
			return none, err
		}
		a.printed(&entry, v)
	}
	entry.set("jid", msgpack.AppendString(nil, a.job.call.JID))
	if event == nil {
		a.usual(&entry, h.id)
		return entry.section(), nil
	}
	but := ""
	if _, is3008 := event.Lookup("success"); isCached && !is3008 {
		but = "return" // added by the program: salt-api of Salt 3006 adds none
	}
	_ = entry.missing(msgpack.InMemory(event), but)
	return entry.section(), nil
}

// printed makes an entry from the printed output: for a host that failed it is
// the whole entry, for others it is the return. The exit code can be attributed
// only if there is one host.
func (a *sshAnswer) printed(entry *sshMembers, v msgpack.Raw) {
	if _, failed := v.Lookup("stderr"); failed {
		if _, ok := v.Lookup("retcode"); ok {
			_ = entry.missing(msgpack.InMemory(v), "")
			return
		}
	}
	entry.set("return", v)
	if a.code == 0 || len(a.hosts) == 1 {
		entry.set("retcode", msgpack.AppendInt(nil, int64(a.code)))
		entry.set("success", msgpack.AppendBool(nil, a.code == 0))
	}
}

// usual adds the members that every event has.
func (a *sshAnswer) usual(entry *sshMembers, id string) {
	fun, args := a.job.call.Fun, a.job.arg
	if a.job.call.RawShell {
		whole := msgpack.AppendArray(nil, args.Len()+1)
		whole = msgpack.AppendString(whole, fun)
		_ = args.Elems(func(e msgpack.Raw) error {
			whole = append(whole, e...)
			return nil
		})
		fun, args = "ssh._raw", whole
	}
	for _, f := range []field{
		{"id", msgpack.AppendString(nil, id)},
		{"fun", msgpack.AppendString(nil, fun)},
		{"fun_args", args},
		{"_stamp", msgpack.AppendString(nil, a.at.UTC().Format("2006-01-02T15:04:05.000000"))},
	} {
		entry.missingOne(f.key, msgpack.InMemory(f.value))
	}
}

// sshMembers is the entry of a host that is being made.
type sshMembers struct {
	names  []string
	values map[string]msgpack.Section
}

func (e *sshMembers) set(name string, v msgpack.Raw) { e.put(name, msgpack.InMemory(v)) }

func (e *sshMembers) put(name string, v msgpack.Section) {
	if e.values == nil {
		e.values = make(map[string]msgpack.Section)
	}
	if _, ok := e.values[name]; !ok {
		e.names = append(e.names, name)
	}
	e.values[name] = v
}

// missing adds the entries of an object that are missing, except one.
func (e *sshMembers) missing(m msgpack.Section, but string) error {
	return m.Each(func(key msgpack.Raw, v msgpack.Section) error {
		if name, _ := key.Str(); name != but {
			e.missingOne(name, v)
		}
		return nil
	})
}

func (e *sshMembers) missingOne(name string, v msgpack.Section) {
	if _, ok := e.values[name]; !ok {
		e.put(name, v)
	}
}

func (e *sshMembers) section() msgpack.Section {
	var all msgpack.Entries
	for _, name := range e.names {
		all.Add(name, e.values[name])
	}
	return all.Section()
}
