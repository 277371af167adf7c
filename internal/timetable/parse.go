package timetable

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // for hosts without the files of the time zones

	"github.com/saltern-api/saltern/internal/jsonobject"
)

// Error is what is wrong with a schedule object.
type Error struct {
	Key string // the key that is wrong; may be empty
	Why string
}

// Error implements error.
func (e *Error) Error() string {
	if e.Key == "" {
		return e.Why
	}
	return e.Key + ": " + e.Why
}

// The bounds of a schedule object.
const (
	minInterval = time.Minute
	maxInterval = 100 * 366 * 24 * time.Hour
	maxSplay    = 3600 // seconds
	maxList     = 1000
	maxTimes    = 50 // of the day
)

// known are the keys that a schedule object may have.
var known = []string{
	"seconds", "minutes", "hours", "days", "cron", "once", "once_fmt", "when", "after", "after_fmt", "until", "until_fmt", "range", "splay",
	"skip_explicit", "skip_times", "skip_times_fmt", "timezone", "maxrunning", "jid_include", "run_on_start", "return_job",
}

// Parse reads a schedule object. Errors are an [*Error].
func Parse(object []byte) (*Table, error) {
	o, err := jsonobject.Parse(object)
	if err != nil {
		return nil, &Error{Why: err.Error()}
	}
	for _, m := range o {
		if !slices.Contains(known, m.Name) {
			return nil, &Error{Key: fmt.Sprintf("%.40s", m.Name), Why: "there is no such key"}
		}
	}
	p := parser{o: o, t: &Table{zone: time.UTC}}
	p.zone()
	p.kind()
	p.bounds()
	p.skips()
	p.splay()
	p.t.MaxRunning = int(p.number("maxrunning", math.MaxInt16))
	if p.boolean("run_on_start") {
		p.fail("run_on_start", errors.New("it is not supported here: gateways start at any time"))
	}
	p.boolean("jid_include")
	p.boolean("return_job")
	if p.err != nil {
		return nil, p.err
	}
	return p.t, nil
}

// parser keeps the first error.
type parser struct {
	o   jsonobject.Object
	t   *Table
	err error
}

func (p *parser) fail(key string, err error) {
	if p.err == nil && err != nil {
		p.err = &Error{key, err.Error()}
	}
}

// value returns the value of a key; ok is false for none, null or an empty text.
func (p *parser) value(key string) (v json.RawMessage, ok bool) {
	v = p.o.Get(key)
	return v, len(v) > 0 && string(v) != "null" && string(v) != `""`
}

func (p *parser) text(key string) string {
	v, ok := p.value(key)
	var text string
	if ok && json.Unmarshal(v, &text) != nil {
		p.fail(key, errors.New("it is not a text"))
	}
	return text
}

// number returns a whole number, which may be a text.
func (p *parser) number(key string, most int64) int64 {
	v, ok := p.value(key)
	if !ok {
		return 0
	}
	return p.numberOf(key, v, most)
}

func (p *parser) numberOf(key string, v json.RawMessage, most int64) int64 {
	text := strings.Trim(string(v), `"`)
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil || n < 0 || n > most {
		p.fail(key, fmt.Errorf("it is not a whole number of up to %d", most))
		return 0
	}
	return n
}

func (p *parser) boolean(key string) bool {
	v, ok := p.value(key)
	if !ok {
		return false
	}
	switch strings.ToLower(strings.Trim(string(v), `"`)) {
	case "true", "1", "yes":
		return true
	case "false", "0", "no":
	default:
		p.fail(key, errors.New("it is neither true nor false"))
	}
	return false
}

func (p *parser) texts(key string, most int) (all []string) {
	v, ok := p.value(key)
	if ok && (json.Unmarshal(v, &all) != nil || len(all) > most) {
		p.fail(key, fmt.Errorf("it is not a list of up to %d texts", most))
		return nil
	}
	return all
}

func (p *parser) time(key, format string) (t time.Time) {
	text := p.text(key)
	if text == "" {
		return t
	}
	t, err := ParseTime(text, p.text(format), p.t.zone)
	p.fail(key, err)
	return p.near(key, t.Truncate(time.Microsecond)) // as times are kept: one that is due at a finer time would be due again
}

// near refuses times that would not fit into the numbers that are kept of them.
func (p *parser) near(key string, t time.Time) time.Time {
	if y := t.Year(); !t.IsZero() && (y < 1971 || y >= lastYear) {
		p.fail(key, fmt.Errorf("it is not between the years 1971 and %d", lastYear))
	}
	return t
}

func (p *parser) zone() {
	name := p.text("timezone")
	if name == "" {
		return
	}
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" || len(name) > 64 {
		p.fail("timezone", fmt.Errorf("%.64q is not known", name))
		return
	}
	p.t.zone = zone
}

// kind reads what a schedule is by: an interval, a cron expression, one time, or times
// of the day.
func (p *parser) kind() {
	var kinds []string
	for _, unit := range []struct {
		key string
		of  time.Duration
	}{{"seconds", time.Second}, {"minutes", time.Minute}, {"hours", time.Hour}, {"days", 24 * time.Hour}} {
		p.t.every += time.Duration(p.number(unit.key, int64(maxInterval/4/unit.of))) * unit.of
	}
	if p.t.every > 0 {
		kinds = append(kinds, "an interval")
		if p.t.every < minInterval {
			p.fail("seconds", errors.New("an interval has 60 seconds or more"))
		}
	}
	if text := p.text("cron"); text != "" {
		kinds = append(kinds, "cron")
		c, err := cronClock(text)
		p.fail("cron", err)
		p.t.clocks = []clock{c}
	}
	if p.t.once = p.time("once", "once_fmt"); !p.t.once.IsZero() {
		kinds = append(kinds, "once")
	}
	if _, ok := p.value("when"); ok {
		kinds = append(kinds, "when")
		p.when()
	}
	switch {
	case p.err != nil:
	case len(kinds) == 0:
		p.fail("", errors.New("it has none of seconds, minutes, hours, days, cron, once and when"))
	case len(kinds) > 1:
		p.fail("", fmt.Errorf("%s exclude each other", strings.Join(kinds, " and ")))
	}
}

// weekdays are those of when.weekly.
var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

func (p *parser) when() {
	v, _ := p.value("when")
	o, err := jsonobject.Parse(v)
	if err != nil {
		p.fail("when", err)
		return
	}
	for _, m := range o {
		switch {
		case string(m.Value) == "null":
		case m.Name == "daily":
			p.timesOfDay(m.Value, "")
		case m.Name == "weekly":
			week, err := jsonobject.Parse(m.Value)
			p.fail("when", err)
			for _, day := range week {
				n := slices.IndexFunc(weekdays, func(d string) bool { return strings.HasPrefix(strings.ToLower(day.Name), d) })
				if n < 0 {
					p.fail("when", fmt.Errorf("%.40q is no day of the week", day.Name))
					return
				}
				p.timesOfDay(day.Value, strconv.Itoa(n))
			}
		default:
			p.fail("when", fmt.Errorf("%.40q is neither daily nor weekly", m.Name))
		}
	}
	if len(p.t.clocks) == 0 {
		p.fail("when", errors.New("it has no time"))
	}
}

func (p *parser) timesOfDay(v json.RawMessage, weekday string) {
	var all []string
	var one string
	if json.Unmarshal(v, &one) == nil {
		all = []string{one}
	} else if json.Unmarshal(v, &all) != nil {
		p.fail("when", errors.New("the times are not a list of texts"))
	}
	for _, text := range all {
		t, err := parseTimeOfDay(text)
		p.fail("when", err)
		c, err := at(t, weekday)
		p.fail("when", err)
		if p.t.clocks = append(p.t.clocks, c); len(p.t.clocks) > maxTimes {
			p.fail("when", fmt.Errorf("it has more than %d times", maxTimes))
			return
		}
	}
}

func (p *parser) bounds() {
	p.t.after, p.t.until = p.time("after", "after_fmt"), p.time("until", "until_fmt")
	v, ok := p.value("range")
	if !ok {
		return
	}
	o, err := jsonobject.Parse(v)
	if err != nil {
		p.fail("range", err)
		return
	}
	inner := parser{o: o, t: p.t}
	for _, m := range o {
		if !slices.Contains([]string{"start", "end", "start_fmt", "end_fmt", "invert"}, m.Name) {
			inner.fail("", fmt.Errorf("%.40q is no key of it", m.Name))
		}
	}
	s := &span{invert: inner.boolean("invert")}
	from, errFrom := parseTimeOfDay(inner.text("start"))
	to, errTo := parseTimeOfDay(inner.text("end"))
	if errFrom == nil && errTo == nil {
		s.daily, s.from, s.to = true, from.seconds(), to.seconds()
	} else {
		s.start, s.end = inner.time("start", "start_fmt"), inner.time("end", "end_fmt")
		if inner.err == nil && (s.start.IsZero() || s.end.IsZero() || s.end.Before(s.start)) {
			inner.fail("", errors.New("it has a start, and an end that is not before it"))
		}
	}
	p.fail("range", inner.err)
	p.t.within = s
}

func (p *parser) skips() {
	p.t.skipped, p.t.skippedDays = make(map[int64]bool), make(map[string]bool)
	for _, list := range []struct{ key, format string }{{"skip_explicit", ""}, {"skip_times", "skip_times_fmt"}} {
		form := p.text(list.format)
		for _, text := range p.texts(list.key, maxList) {
			if day, err := time.Parse(dateForm, text); err == nil && form == "" {
				p.t.skippedDays[day.Format(dateForm)] = true
				continue
			}
			t, err := ParseTime(text, form, p.t.zone)
			p.fail(list.key, err)
			p.t.skipped[t.Unix()] = true
		}
	}
}

func (p *parser) splay() {
	v, ok := p.value("splay")
	if !ok {
		return
	}
	if v[0] != '{' {
		p.t.splayTo = int(p.numberOf("splay", v, maxSplay))
		return
	}
	o, err := jsonobject.Parse(v)
	if err != nil {
		p.fail("splay", err)
		return
	}
	for _, m := range o {
		if m.Name != "start" && m.Name != "end" {
			p.fail("splay", fmt.Errorf("%.40q is no key of it", m.Name))
		}
	}
	inner := parser{o: o, t: p.t}
	p.t.splayFrom, p.t.splayTo = int(inner.number("start", maxSplay)), int(inner.number("end", maxSplay))
	if inner.err == nil && p.t.splayTo < p.t.splayFrom {
		inner.fail("", errors.New("its end is before its start"))
	}
	p.fail("splay", inner.err)
}
