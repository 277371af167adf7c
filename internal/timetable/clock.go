package timetable

import (
	"fmt"
	"slices"
	"strings"
	"time"

	cron "github.com/netresearch/go-cron"
)

// clock is what is due at times that a clock on the wall shows.
type clock struct {
	// next returns the first time after another one, both of them as the clock shows
	// them, written as times of UTC; zero for none.
	next func(shown time.Time) time.Time

	// everyHour is set for what follows the time that passes: see the package.
	everyHour bool
}

// maxCron bounds a cron expression, in bytes.
const maxCron = 200

// descriptors are the names of cron expressions that there are.
var descriptors = []string{"@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"}

// starred is the bit of a field of the library's that is set for any value.
const starred = 1 << 63

// cronClock reads a cron expression with five fields. As with cron, what has a day of
// the month and a day of the week is due on both.
func cronClock(text string) (clock, error) {
	text = strings.TrimSpace(text)
	switch {
	case len(text) > maxCron:
		return clock{}, fmt.Errorf("it is longer than %d bytes", maxCron)
	case strings.HasPrefix(text, "@") && !slices.Contains(descriptors, strings.ToLower(text)):
		return clock{}, fmt.Errorf("%.40q is none of %s", text, strings.Join(descriptors, ", "))
	case !strings.HasPrefix(text, "@") && len(strings.Fields(text)) != 5:
		return clock{}, fmt.Errorf("it has not five fields: minute, hour, day of the month, month and day of the week")
	}
	return clockOf(cron.Minute|cron.Hour|cron.Dom|cron.Month|cron.Dow|cron.DowOrDom|cron.Descriptor, strings.ToLower(text))
}

func clockOf(fields cron.ParseOption, text string) (clock, error) {
	p, err := cron.TryNewParser(fields)
	if err != nil {
		return clock{}, err
	}
	schedule, err := p.Parse(text)
	if err != nil {
		return clock{}, err
	}
	spec, ok := schedule.(*cron.SpecSchedule)
	if !ok {
		return clock{}, fmt.Errorf("%.40q is no cron expression", text)
	}
	spec.Location = time.UTC
	spec.MaxSearchYears = searchYears
	return clock{spec.Next, spec.Hour&starred != 0}, nil
}

// searchYears is how far the next time may be. There are eight years from one 29th
// of February to the next around 2100.
const searchYears = 9

// at returns what is due at a time of the day, on any day or on one of the week.
func at(t timeOfDay, weekday string) (clock, error) {
	if weekday == "" {
		weekday = "*"
	}
	return clockOf(cron.Second|cron.Minute|cron.Hour|cron.Dom|cron.Month|cron.Dow,
		fmt.Sprintf("%d %d %d * * %s", t.second, t.minute, t.hour, weekday))
}

// shown returns a time as the clocks of a zone with an offset show it.
func shown(t time.Time, offset int) time.Time {
	return t.UTC().Add(time.Duration(offset) * time.Second)
}

// zonedNext returns the first time after another one in a zone, zero for none. The
// library is used for times without a zone only, and a zone is gone through from one
// change of its offset to the next.
func (c clock) zonedNext(after time.Time, zone *time.Location) time.Time {
	t := after.In(zone)
	_, offset := t.Zone()
	from := shown(t, offset)
	for range 4 * searchYears { // zones have two changes a year; some have had four
		start, end := t.ZoneBounds()
		if !c.everyHour && !start.IsZero() {
			if _, before := start.Add(-time.Second).In(zone).Zone(); before > offset {
				if repeated := shown(start, before).Add(-time.Second); from.Before(repeated) {
					from = repeated // what the clocks have shown already is not due again
				}
			}
		}
		due := c.next(from)
		if due.IsZero() {
			return due
		}
		if end.IsZero() || due.Before(shown(end, offset)) {
			return due.Add(-time.Duration(offset) * time.Second)
		}
		t = end.In(zone)
		_, next := t.Zone()
		if !c.everyHour && due.Before(shown(end, next)) {
			return end.UTC() // the clocks leave it out
		}
		offset = next
		from = shown(end, offset).Add(-time.Second)
	}
	return time.Time{}
}
