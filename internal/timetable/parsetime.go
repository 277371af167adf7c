package timetable

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// timeForms are the forms of times that programs send. Fractions of seconds may be in
// each.
var timeForms = []string{
	time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05", "2006-01-02T15:04Z07:00",
	"2006-01-02T15:04", "2006-01-02 15:04", dateForm,
}

const dateForm = "2006-01-02"

// ParseTime reads a time in one of the usual forms, or in the one that is given, in the
// words of strptime. A time without a zone is one of zone.
func ParseTime(text, form string, zone *time.Location) (time.Time, error) {
	forms := timeForms
	if form != "" {
		layout, err := layoutOf(form)
		if err != nil {
			return time.Time{}, err
		}
		forms = []string{layout}
	}
	for _, layout := range forms {
		if t, err := time.ParseInLocation(layout, text, zone); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%.60q is not a time", text)
}

// directives are those of strptime, in Go's words. Fractions follow the seconds in
// any case.
var directives = map[byte]string{
	'Y': "2006", 'y': "06", 'm': "01", 'd': "02", 'H': "15", 'I': "03", 'M': "04", 'S': "05", 'p': "PM", 'j': "002",
	'b': "Jan", 'B': "January", 'a': "Mon", 'A': "Monday", 'z': "-0700", 'Z': "MST", 'T': "15:04:05", 'F': "2006-01-02", '%': "%",
}

func layoutOf(form string) (string, error) {
	form = strings.ReplaceAll(form, ".%f", "")
	var b strings.Builder
	for i := 0; i < len(form); i++ {
		if form[i] != '%' {
			b.WriteByte(form[i])
			continue
		}
		if i++; i == len(form) {
			return "", fmt.Errorf("the format %.60q is not complete", form)
		}
		layout, ok := directives[form[i]]
		if !ok {
			return "", fmt.Errorf("the format has an unknown directive %%%c", form[i])
		}
		b.WriteString(layout)
	}
	return b.String(), nil
}

// timeOfDay is what a clock shows.
type timeOfDay struct{ hour, minute, second int }

func (t timeOfDay) seconds() int { return t.hour*3600 + t.minute*60 + t.second }

var timesOfDay = []string{"15:04", "15:04:05", "3:04PM", "3:04 PM", "3:04:05PM", "3:04:05 PM", "3PM", "3 PM"}

func parseTimeOfDay(text string) (timeOfDay, error) {
	for _, layout := range timesOfDay {
		if t, err := time.Parse(layout, strings.ToUpper(strings.TrimSpace(text))); err == nil {
			return timeOfDay{t.Hour(), t.Minute(), t.Second()}, nil
		}
	}
	return timeOfDay{}, errors.New("it is no time of the day, such as 14:30")
}
