package timetable_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/internal/timetable"
)

func parse(t *testing.T, object string) *timetable.Table {
	t.Helper()
	table, err := timetable.Parse([]byte(object))
	require.NoError(t, err, object)
	return table
}

func utc(text string) time.Time {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return at.UTC()
}

// due returns what is due from a time on, in seconds of Unix.
func due(table *timetable.Table, saved, from time.Time, most int) (all []int64) {
	for len(all) < most {
		next, ok := table.Next(saved, from)
		if !ok {
			break
		}
		all = append(all, next.Unix())
		from = next
	}
	return all
}

// texts returns times as texts of UTC.
func texts(seconds []int64) (all []string) {
	for _, s := range seconds {
		all = append(all, time.Unix(s, 0).UTC().Format(time.RFC3339))
	}
	return all
}

func TestNext(t *testing.T) {
	t.Parallel()
	saved, from := utc("2026-03-01T00:00:30Z"), utc("2026-03-28T12:00:00Z")
	for object, want := range map[string][]string{
		`{"minutes":"30"}`:               {"2026-03-28T12:00:30Z", "2026-03-28T12:30:30Z", "2026-03-28T13:00:30Z"},
		`{"seconds":90,"days":0}`:        {"2026-03-28T12:00:30Z", "2026-03-28T12:02:00Z", "2026-03-28T12:03:30Z"},
		`{"days":1,"hours":1}`:           {"2026-03-29T03:00:30Z", "2026-03-30T04:00:30Z", "2026-03-31T05:00:30Z"},
		`{"cron":"0 3 * * *"}`:           {"2026-03-29T03:00:00Z", "2026-03-30T03:00:00Z", "2026-03-31T03:00:00Z"},
		`{"cron":"@daily"}`:              {"2026-03-29T00:00:00Z", "2026-03-30T00:00:00Z", "2026-03-31T00:00:00Z"},
		`{"cron":"0 0 1 * MON"}`:         {"2026-03-30T00:00:00Z", "2026-04-01T00:00:00Z", "2026-04-06T00:00:00Z"},
		`{"cron":"0 0 29 2 *"}`:          {"2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z", "2036-02-29T00:00:00Z"},
		`{"cron":"0 0 30 2 *"}`:          nil,
		`{"once":"2026-04-01 12:00"}`:    {"2026-04-01T12:00:00Z"},
		`{"once":"2026-01-01T12:00:00"}`: nil,
		`{"once":"04/01/26 07:30 PM","once_fmt":"%m/%d/%y %I:%M %p","timezone":"US/Eastern"}`: {"2026-04-01T23:30:00Z"},

		`{"when":{"daily":["14:30","2:00pm"],"weekly":{"sun":["09:15:10"]}}}`: {"2026-03-28T14:00:00Z", "2026-03-28T14:30:00Z", "2026-03-29T09:15:10Z"},
		`{"when":{"weekly":{"Monday":"08:00"}},"timezone":"Asia/Kolkata"}`:    {"2026-03-30T02:30:00Z", "2026-04-06T02:30:00Z", "2026-04-13T02:30:00Z"},

		`{"hours":12,"after":"2026-05-01","until":"2026-05-02T00:00:30"}`:                       {"2026-05-01T00:00:30Z", "2026-05-01T12:00:30Z", "2026-05-02T00:00:30Z"},
		`{"hours":6,"range":{"start":"08:00","end":"13:00"}}`:                                   {"2026-03-28T12:00:30Z", "2026-03-29T12:00:30Z", "2026-03-30T12:00:30Z"},
		`{"hours":6,"range":{"start":"23:00","end":"7am"}}`:                                     {"2026-03-29T00:00:30Z", "2026-03-29T06:00:30Z", "2026-03-30T00:00:30Z"},
		`{"hours":6,"range":{"start":"8am","end":"13:00","invert":"true"}}`:                     {"2026-03-28T18:00:30Z", "2026-03-29T00:00:30Z", "2026-03-29T06:00:30Z"},
		`{"days":1,"range":{"start":"2027-01-01","end":"2027-01-02"}}`:                          {"2027-01-01T00:00:30Z"},
		`{"days":1,"range":{"start":"2026-03-01","end":"2027-01-02","invert":true}}`:            {"2027-01-02T00:00:30Z", "2027-01-03T00:00:30Z", "2027-01-04T00:00:30Z"},
		`{"cron":"0 3 * * *","range":{"start":"10:00","end":"11:00"}}`:                          nil,
		`{"cron":"0 3 * * *","skip_explicit":["2026-03-29"],"skip_times":["2026-03-30T03:00"]}`: {"2026-03-31T03:00:00Z", "2026-04-01T03:00:00Z", "2026-04-02T03:00:00Z"},

		// Clocks are put forward on March 29 and back on October 25.
		`{"cron":"30 2 * * *","timezone":"Europe/Berlin"}`:                                                       {"2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z", "2026-03-31T00:30:00Z"},
		`{"when":{"daily":["02:30"]},"timezone":"Europe/Berlin"}`:                                                {"2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z", "2026-03-31T00:30:00Z"},
		`{"cron":"*/20 2 * * *","timezone":"Europe/Berlin"}`:                                                     {"2026-03-29T01:00:00Z", "2026-03-30T00:00:00Z", "2026-03-30T00:20:00Z"},
		`{"cron":"30 * * * *","after":"2026-03-29T01:00","until":"2026-03-29T04:00","timezone":"Europe/Berlin"}`: {"2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z"},
		`{"cron":"30 2 * * *","after":"2026-10-24","timezone":"Europe/Berlin"}`:                                  {"2026-10-24T00:30:00Z", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"},
		`{"cron":"30 * * * *","after":"2026-10-25T01:00","until":"2026-10-25T03:00","timezone":"Europe/Berlin"}`: {"2026-10-24T23:30:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"},
		`{"days":1,"timezone":"Europe/Berlin"}`:                                                                  {"2026-03-29T00:00:30Z", "2026-03-30T00:00:30Z", "2026-03-31T00:00:30Z"},
	} {
		require.Equal(t, want, texts(due(parse(t, object), saved, from, 3)), object)
	}
}

// clock is what the clocks of a zone show, in whole minutes.
type clock struct {
	minute, hour, day int
	weekday           time.Weekday
}

// number returns a number that no other clock has.
func (c clock) number() int { return ((int(c.weekday)*32+c.day)*24+c.hour)*60 + c.minute }

// matching returns which numbers are those of clocks that match. The race detector takes
// long over each call and each copy in the loop over minutes, which so has none.
func matching(matches func(clock) bool) []bool {
	all := make([]bool, 7*32*24*60)
	for weekday := range time.Weekday(7) {
		for day := range 32 {
			for hour := range 24 {
				for minute := range 60 {
					c := clock{minute, hour, day, weekday}
					all[c.number()] = matches(c)
				}
			}
		}
	}
	return all
}

// minute is a minute of a year, and the number of what the clocks of a zone show then.
type minute struct {
	at       int64 // in seconds of Unix
	shown    int
	repeated bool  // whether they have shown that before
	leftOut  []int // what they have left out just before
}

// minutes returns the minutes of a year, but for the first.
func minutes(zone *time.Location, year int) []minute {
	begin, end := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC).Unix(), time.Date(year+1, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	all := make([]minute, 0, 366*24*60)
	var day clock      // what the clocks show of a day at midnight
	onDay := int64(-1) // that day, since 1970
	var last int64     // the latest minute that they have shown, since 1970
	number := func(shown int64) int {
		if shown/(24*60) != onDay {
			onDay = shown / (24 * 60)
			midnight := time.Unix(onDay*24*60*60, 0).UTC()
			day = clock{day: midnight.Day(), weekday: midnight.Weekday()}
		}
		c := day
		c.minute, c.hour = int(shown%60), int(shown/60%24)
		return c.number()
	}
	var offset, until int64 // the offset of the zone, and when it changes
	for at := begin; at < end; at += 60 {
		if at >= until {
			t := time.Unix(at, 0).In(zone)
			_, seconds := t.Zone()
			offset, until = int64(seconds), end
			if _, changed := t.ZoneBounds(); !changed.IsZero() {
				until = changed.Unix()
			}
		}
		shown := (at + offset) / 60
		if at == begin {
			last = shown
			continue
		}
		m := minute{at: at, shown: number(shown), repeated: shown <= last}
		for left := last + 1; left < shown; left++ {
			m.leftOut = append(m.leftOut, number(left))
		}
		all = append(all, m)
		last = max(last, shown)
	}
	return all
}

// reference returns what is due, by looking at each minute.
func reference(all []minute, matches []bool, everyHour bool) (due []int64) {
	for i := range all {
		m := &all[i]
		is := matches[m.shown] && (everyHour || !m.repeated)
		if !everyHour {
			for _, left := range m.leftOut {
				is = is || matches[left]
			}
		}
		if is {
			due = append(due, m.at)
		}
	}
	return due
}

// TestYear compares a year of times in zones of all kinds with those that are found by
// looking at each minute of it.
func TestYear(t *testing.T) {
	t.Parallel()
	type test struct {
		cron      string
		everyHour bool
		matches   []bool
	}
	tests := []test{
		{"30 2 * * *", false, matching(func(c clock) bool { return c.hour == 2 && c.minute == 30 })},
		{"15 0 * * *", false, matching(func(c clock) bool { return c.hour == 0 && c.minute == 15 })},
		{"45 1 * * 0", false, matching(func(c clock) bool { return c.hour == 1 && c.minute == 45 && c.weekday == 0 })},
		{"*/20 1-3 * * *", false, matching(func(c clock) bool { return c.hour >= 1 && c.hour <= 3 && c.minute%20 == 0 })},
		{"*/15 * * * *", true, matching(func(c clock) bool { return c.minute%15 == 0 })},
		{"10 * * * *", true, matching(func(c clock) bool { return c.minute == 10 })},
		{"0 */2 * * *", false, matching(func(c clock) bool { return c.minute == 0 && c.hour%2 == 0 })},
		{"0 3 13 * 5", false, matching(func(c clock) bool {
			return c.minute == 0 && c.hour == 3 && (c.day == 13 || c.weekday == time.Friday)
		})},
		{"59 23 31 * *", false, matching(func(c clock) bool { return c.minute == 59 && c.hour == 23 && c.day == 31 })},
	}
	for _, name := range []string{
		"UTC", "Europe/Berlin", "Europe/Dublin", "America/New_York", "America/Santiago", "Australia/Lord_Howe", "Asia/Kolkata", "Africa/Casablanca",
		"America/Sao_Paulo", "Pacific/Apia",
	} {
		zone, err := time.LoadLocation(name)
		require.NoError(t, err)
		year := 2026
		if name == "America/Sao_Paulo" {
			year = 2018 // until 2019 clocks there were put forward at midnight
		}
		all := minutes(zone, year)
		for _, test := range tests {
			table := parse(t, `{"cron":"`+test.cron+`","timezone":"`+name+`"}`)
			want := reference(all, test.matches, test.everyHour)
			got := due(table, time.Time{}, time.Date(year, 1, 1, 0, 0, 59, 0, time.UTC), len(want))
			if !slices.Equal(want, got) {
				require.Equal(t, texts(want), texts(got), "%s %s %d", name, test.cron, year)
			}
		}
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	for object, want := range map[string]string{
		`[]`:                                           "not a JSON object",
		`{}`:                                           "it has none of seconds",
		`{"minutes":0}`:                                "it has none of seconds",
		`{"seconds":59}`:                               "seconds: an interval has 60 seconds or more",
		`{"minutes":-1}`:                               "minutes: it is not a whole number",
		`{"minutes":1.5}`:                              "minutes: it is not a whole number",
		`{"days":99999999999}`:                         "days: it is not a whole number",
		`{"minutes":5,"cron":"* * * * *"}`:             "an interval and cron exclude each other",
		`{"minutes":5,"fun":"x"}`:                      "fun: there is no such key",
		`{"minutes":5,"minutes":6}`:                    "minutes",
		`{"cron":"* * * *"}`:                           "cron: it has not five fields",
		`{"cron":"* * * * * *"}`:                       "cron: it has not five fields",
		`{"cron":"61 * * * *"}`:                        "cron: ",
		`{"cron":"@every 1s"}`:                         "cron: \"@every 1s\" is none of @yearly",
		`{"cron":"TZ=UTC * * * *"}`:                    "cron: ",
		`{"cron":"CRON_TZ=UTC * * * *"}`:               "cron: ",
		`{"once":"tomorrow"}`:                          `once: "tomorrow" is not a time`,
		`{"once":"0001-01-02"}`:                        "once: it is not between",
		`{"when":{}}`:                                  "when: it has no time",
		`{"when":{"daily":["25:00"]}}`:                 "when: it is no time of the day",
		`{"when":{"weekly":{"day":["1:00"]}}}`:         `when: "day" is no day of the week`,
		`{"when":{"monthly":[]}}`:                      `when: "monthly" is neither daily nor weekly`,
		`{"minutes":5,"timezone":"Mars/North"}`:        "timezone: ",
		`{"minutes":5,"timezone":"../etc/passwd"}`:     "timezone: ",
		`{"minutes":5,"timezone":"Local"}`:             "timezone: ",
		`{"minutes":5,"splay":3601}`:                   "splay: it is not a whole number of up to 3600",
		`{"minutes":5,"splay":{"start":5,"end":1}}`:    "splay: its end is before its start",
		`{"minutes":5,"range":{"start":"2026-01-01"}}`: "range: it has a start",
		`{"minutes":5,"range":{"begin":"1:00"}}`:       `range: "begin" is no key of it`,
		`{"minutes":5,"skip_explicit":["x"]}`:          `skip_explicit: "x" is not a time`,
		`{"minutes":5,"run_on_start":"true"}`:          "run_on_start: it is not supported",
		`{"minutes":5,"maxrunning":-1}`:                "maxrunning: ",
		`{"minutes":5,"jid_include":"maybe"}`:          "jid_include: ",
	} {
		_, err := timetable.Parse([]byte(object))
		require.ErrorContains(t, err, want, object)
		require.IsType(t, (*timetable.Error)(nil), err, object)
	}
	table := parse(t, `{"minutes":"5","seconds":null,"cron":"","jid_include":true,"return_job":"false","run_on_start":false,"maxrunning":"2"}`)
	require.Equal(t, 2, table.MaxRunning)
}

// A delay depends on the schedule and the time, and is within its bounds.
func TestSplay(t *testing.T) {
	t.Parallel()
	at := utc("2026-03-01T00:00:00Z")
	require.Equal(t, at, parse(t, `{"minutes":5}`).Start("a", at))
	table := parse(t, `{"minutes":5,"splay":{"start":10,"end":"20"}}`)
	all := make(map[time.Duration]bool)
	for i := range 1000 {
		due := at.Add(time.Duration(i) * time.Minute)
		start := table.Start("a", due)
		require.Equal(t, start, table.Start("a", due))
		require.False(t, start.Before(due.Add(10*time.Second)))
		require.False(t, start.After(due.Add(20*time.Second)))
		all[start.Sub(due)] = true
	}
	require.Len(t, all, 11)
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`{"cron":"*/5 1-3,7 1,15 JAN-MAR MON-FRI","timezone":"Europe/Berlin"}`, `{"minutes":5,"splay":{"end":10},"range":{"start":"8am","end":"5pm"}}`,
		`{"once":"01.02.2026","once_fmt":"%d.%m.%Y"}`, `{"when":{"daily":["1:00"],"weekly":{"mon":["2:00pm"]}},"until":"2027-01-01"}`, `{"cron":"0 0 L * *"}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, object string) {
		table, err := timetable.Parse([]byte(object))
		if err != nil {
			require.IsType(t, (*timetable.Error)(nil), err)
			return
		}
		from := utc("2026-01-01T00:00:00Z")
		for range 3 {
			next, ok := table.Next(utc("2025-12-31T23:59:59Z"), from)
			if !ok {
				return
			}
			require.True(t, next.After(from), "%s after %s", next, from)
			require.False(t, table.Start("x", next).Before(next))
			from = next
		}
	})
}

// Times are kept to the microsecond: one that is due at a finer time would be due again
// after it, for good.
func TestFineTime(t *testing.T) {
	t.Parallel()
	table, err := timetable.Parse([]byte(`{"once":"2026-04-01T12:00:00.1234567Z"}`))
	require.NoError(t, err)
	due, ok := table.Next(time.Time{}, utc("2026-03-01T00:00:00Z"))
	require.True(t, ok)
	require.Equal(t, 123456*time.Microsecond, time.Duration(due.Nanosecond()))
	_, ok = table.Next(time.Time{}, due.Truncate(time.Microsecond))
	require.False(t, ok)
}
