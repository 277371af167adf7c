package lowstate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/internal/spool"
	"github.com/saltern-api/saltern/saltmaster"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// localBatch is the client local_batch: it runs a function on some of the
// minions at a time, the next ones as others finish, and yields each return as
// it comes.
type localBatch struct{ *Master }

func (localBatch) Name() string  { return "local_batch" }
func (localBatch) Streams() bool { return true }

func (l localBatch) Prepare(c Chunk) (Job, error) {
	p, err := l.publication(c)
	if err != nil {
		return nil, err
	}
	p.JID = "" // each part has one of its own
	j := &batchJob{Master: l.Master, pub: p, raw: c.truthy("raw"), failHard: l.FailHard}
	if j.size, err = c.batch(); err != nil {
		return nil, err
	}
	if j.timeout, err = c.lenientDuration("timeout", l.Timeout); err != nil {
		return nil, err
	}
	if j.gather, err = c.gatherTimeout(l.GatherJobTimeout); err != nil {
		return nil, err
	}
	if j.pause, err = c.pause("batch_wait"); err != nil {
		return nil, err
	}
	if _, ok := c.present("failhard"); ok {
		j.failHard = c.truthy("failhard")
	}
	return j, nil
}

type batchJob struct {
	*Master
	pub      saltmaster.Publication
	size     batchSize     // batch
	pause    time.Duration // batch_wait: from the end of one minion to the start of the next
	failHard bool          // failhard: whether the batch ends when a function fails
	raw      bool          // raw: whole events in place of returns
	timeout  time.Duration // as for local, of each part
	gather   time.Duration
}

var _ Streamer = (*batchJob)(nil)

func (j *batchJob) Command() Command                   { return commandOf(&j.pub) }
func (j *batchJob) restrictTarget(tgt, tgtType string) { restrictTarget(&j.pub, tgt, tgtType) }

// Run returns the items as a list.
func (j *batchJob) Run(ctx context.Context, grant eauth.Grant, rec *Record) (Answer, error) {
	var items [][]byte
	err := j.Stream(ctx, grant, rec, func(item Answer) error {
		items = append(items, item.JSON())
		return nil
	})
	return Returns(bytes.Join(items, []byte(", "))), err
}

// Stream pings the minions first, as LocalClient does: those that do not return
// are omitted.
func (j *batchJob) Stream(ctx context.Context, grant eauth.Grant, rec *Record, yield func(item Answer) error) error {
	var there []string
	ping := &localJob{Master: j.Master, pub: query(j.pub, "test.ping"), timeout: j.timeout, gather: j.gather}
	_, err := ping.collect(ctx, grant, rec.part(), func(id string, _ result) error {
		there = append(there, id)
		return nil
	})
	if err != nil {
		return err
	}
	rec.Minions = len(there)
	return newBatch(j, grant, there, rec, yield).run(ctx)
}

// part returns the job of the batch for some of its minions.
func (j *batchJob) part(tgt msgpack.Raw, tgtType string) *localJob {
	p := j.pub
	p.Tgt, p.TgtType = tgt, tgtType
	return &localJob{Master: j.Master, pub: p, timeout: j.timeout, gather: j.gather}
}

// item returns the item for a minion's return.
func (j *batchJob) item(id string, r result) Answer {
	if j.raw {
		return newRawItem(id, r)
	}
	return batchItem{id, r.ret}
}

// batchItem is one minion's return, as an object. It becomes JSON where it is
// written, in pieces: a return may be as large as what the bus carries.
type batchItem struct {
	id  string
	ret msgpack.Section
}

func (i batchItem) key() []byte { return append(msgpack.AppendJSONString([]byte("{"), i.id), ": "...) }

// JSON implements [Answer].
func (i batchItem) JSON() []byte { return written(i) }

func (i batchItem) writeTo(to *spool.Spool) error {
	_, _ = to.Write(i.key()) // an error stays
	_ = WriteSection(to, i.ret)
	_, err := to.WriteString("}")
	return err
}

// silentItem returns the item for a minion that did not return.
func (j *batchJob) silentItem(id string) Returns {
	if j.raw {
		return append(msgpack.AppendJSONString([]byte(`{"data": {"id": `), id), `, "return": {}, "retcode": 0}}`...)
	}
	return append(msgpack.AppendJSONString([]byte("{"), id), ": {}}"...)
}

// batchSize is the maximum number of minions that run at once: a number, or a
// percentage of all.
type batchSize struct {
	n       int
	percent float64
	isPart  bool
}

// of returns the size for a number of minions, at least 1.
func (s batchSize) of(minions int) int {
	n := float64(s.n)
	if s.isPart {
		n = s.percent / 100 * float64(minions)
	}
	return int(max(1, min(n, float64(minions))))
}

// defaultBatch is the default of LocalClient.cmd_batch.
var defaultBatch = batchSize{percent: 10, isPart: true}

// batch returns the chunk's batch: 10, "10" or "25%".
func (c Chunk) batch() (batchSize, error) {
	v, ok := c.given("batch")
	if !ok {
		return defaultBatch, nil
	}
	size, ok := parseBatch(v)
	if !ok {
		return batchSize{}, badRequest("Invalid batch specification " + pythonRepr(v) +
			": must be an integer or percentage string like '10' or '25%'.")
	}
	return size, nil
}

func parseBatch(v msgpack.Raw) (size batchSize, ok bool) {
	if s, isText := text(v); isText {
		if strings.Contains(s, "%") {
			size.isPart = true
			size.percent, ok = number(msgpack.AppendString(nil, strings.Trim(s, "%")))
			return size, ok
		}
		n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 32)
		return batchSize{n: int(n)}, err == nil || errors.Is(err, strconv.ErrRange)
	}
	f, ok := number(v) // also for true and false
	return batchSize{n: int(max(math.MinInt32, min(f, math.MaxInt32)))}, ok
}

// pythonRepr writes a value in the form of Python's repr, as far as quotes are
// concerned.
func pythonRepr(v msgpack.Raw) string {
	s, isText := text(v)
	if !isText {
		js, err := msgpack.AppendJSON(nil, v)
		if err != nil {
			return "value"
		}
		return printable(string(js))
	}
	s = printable(s)
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		return `"` + s + `"`
	}
	return "'" + strings.ReplaceAll(s, "'", `\'`) + "'"
}

// rawItem is a whole event: its own data, but with the complete return if the one on
// the bus was trimmed. Like a batchItem, it becomes JSON where it is written.
type rawItem struct {
	tag  string
	data msgpack.Section
}

func newRawItem(id string, r result) rawItem {
	if r.event.Data == nil {
		return rawItem{fmt.Sprintf("salt/job/%s/ret/%s", r.jid, id), fromCacheOnly(id, r)}
	}
	return rawItem{r.event.Tag, withReturn(r.event.Data, r.ret)}
}

func (i rawItem) end() []byte {
	return append(msgpack.AppendJSONString([]byte(`, "tag": `), i.tag), '}')
}

// JSON implements [Answer].
func (i rawItem) JSON() []byte { return written(i) }

func (i rawItem) writeTo(to *spool.Spool) error {
	_, _ = to.WriteString(`{"data": `) // an error stays
	_ = WriteSection(to, i.data)
	_, err := to.Write(i.end())
	return err
}

// withReturn replaces the return in an event's data, unless it is the same.
func withReturn(data msgpack.Raw, ret msgpack.Section) msgpack.Section {
	if same, err := ret.Raw(); ret.IsInMemory() && err == nil {
		if has, ok := data.Lookup("return"); ok && bytes.Equal(has, same) {
			return msgpack.InMemory(data)
		}
	}
	var e msgpack.Entries
	_ = data.Each(func(k, v msgpack.Raw) error {
		if key, _ := k.Str(); key == "return" {
			e.AddRaw(k, ret)
		} else {
			e.AddRaw(k, msgpack.InMemory(v))
		}
		return nil
	})
	return e.Section()
}

// fromCacheOnly returns event data for a missed event, from the job cache.
func fromCacheOnly(id string, r result) msgpack.Section {
	var e msgpack.Entries
	e.Add("id", msgpack.InMemory(msgpack.AppendString(nil, id)))
	e.Add("return", r.ret)
	for _, f := range []field{{"retcode", r.retcode}, {"out", r.out}} {
		if f.value != nil {
			e.Add(f.key, msgpack.InMemory(f.value))
		}
	}
	e.Add("jid", msgpack.InMemory(msgpack.AppendString(nil, r.jid)))
	return e.Section()
}
