package rpc

import (
	"context"
	"encoding/json"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/internal/jsonobject"
	"github.com/saltern-api/saltern/records"
)

func statsMethods() []*Method {
	needs := []role.Permission{role.MasterRead}
	served := func(a *API) bool { return a.Records != nil }
	return []*Method{
		method(about{name: "stats.null", doc: "Do nothing, to measure how long calls take.", returns: "null"},
			func(context.Context, *call, none) (any, error) { return nil, nil }),
		method(about{
			name: "stats.get_system_metric_sources", doc: "Return what reports a metric: the master, for those that have a meaning here.", returns: "a list of texts",
			needs: needs, served: served,
		}, func(_ context.Context, c *call, _ metricSourcesParams) (any, error) {
			return []string{c.api.MasterID}, nil
		}),
		method(about{
			name: "stats.get_system_metrics", doc: "Return the metrics that have a meaning here, as they are now, counted among the commands that the caller sees: those of " +
				"the period, up to 100,000. The course of the gateway's figures is at /metrics.",
			returns: "`{count, results}`, an object with a series of one value for each metric", needs: needs, served: served,
		}, getSystemMetrics),
	}
}

type metricSourcesParams struct {
	Metric string `rpc:"metric,required" enum:"sse_masters|sse_jobs_in_progress|sse_jobs_complete_all_successful|sse_jobs_complete_missing_returns|sse_jobs_complete_with_errors" doc:"The metric."`
}

type systemMetricsParams struct {
	DateRange Object   `rpc:"daterange" doc:"An object with two of start, end and timedelta, in seconds: the last 24 hours without it."`
	Metrics   []string `rpc:"metrics" enum:"sse_masters|sse_jobs_in_progress|sse_jobs_complete_all_successful|sse_jobs_complete_missing_returns|sse_jobs_complete_with_errors" doc:"The metrics; all without it."`
	Sources   []string `rpc:"sources" doc:"The names of masters."`
	Reverse   bool     `rpc:"reverse" default:"false" doc:"There is one value of each metric: this changes nothing."`
}

// systemMetrics are the metrics of commands, by the states that these have.
var systemMetrics = []struct {
	name   string
	states []records.State // nil for the number of masters
}{
	{"sse_masters", nil},
	{"sse_jobs_in_progress", []records.State{records.New, records.Running}},
	{"sse_jobs_complete_all_successful", []records.State{records.Completed}},
	{"sse_jobs_complete_missing_returns", []records.State{records.MissingReturns}},
	{"sse_jobs_complete_with_errors", []records.State{records.Failed}},
}

// metricSeries is a row of stats.get_system_metrics.
type metricSeries struct {
	Name   string        `json:"name"`
	Series []metricValue `json:"series"`
}

type metricValue struct {
	Value int    `json:"value"`
	Name  string `json:"name"` // the time
}

func getSystemMetrics(ctx context.Context, c *call, p systemMetricsParams) (any, error) {
	from, to, err := p.period(c.x.Start)
	if err != nil {
		return nil, err
	}
	rows := []metricSeries{}
	if !among(p.Sources, c.api.MasterID) {
		return page[metricSeries]{Results: rows}, nil
	}
	counts, err := c.api.Records.CountJobs(ctx, c.caller(), records.Filter{From: from, To: to})
	if err != nil {
		return nil, err
	}
	for _, m := range systemMetrics {
		if !among(p.Metrics, m.name) {
			continue
		}
		value := 1
		if m.states != nil {
			value = 0
			for _, state := range m.states {
				value += counts.ByState[state]
			}
		}
		rows = append(rows, metricSeries{m.name + "-" + c.api.MasterID, []metricValue{{value, timeText(to)}}})
	}
	return page[metricSeries]{len(rows), rows}, nil
}

// maxPeriod bounds a period of metrics.
const maxPeriod = 366 * 24 * time.Hour

// period returns the period of metrics, the last day without one.
func (p systemMetricsParams) period(now time.Time) (from, to time.Time, err error) {
	wrong := func(why string) (time.Time, time.Time, error) {
		return time.Time{}, time.Time{}, invalidParameter("daterange", why)
	}
	to = now.UTC()
	span := 24 * time.Hour
	if len(p.DateRange) == 0 {
		return to.Add(-span), to, nil
	}
	o, err := jsonobject.Parse(p.DateRange)
	if err != nil {
		return wrong(err.Error())
	}
	var start, end string
	var delta json.RawMessage
	if err := o.Decode(map[string]any{"start": &start, "end": &end, "timedelta": &delta}); err != nil {
		return wrong(err.Error())
	}
	if !isNull(delta) {
		seconds, ok := numberOf(delta)
		switch {
		case !ok || seconds < 1 || seconds > maxPeriod.Seconds():
			return wrong("timedelta is not a number of seconds of up to a year")
		case start != "" && end != "":
			return wrong("it has two of start, end and timedelta at the most")
		}
		span = time.Duration(seconds * float64(time.Second))
	}
	if end != "" {
		if to, err = parseTime(end, ""); err != nil {
			return wrong(err.Error())
		}
	}
	from = to.Add(-span)
	if start != "" {
		if from, err = parseTime(start, ""); err != nil {
			return wrong(err.Error())
		}
		if end == "" && !isNull(delta) {
			to = from.Add(span)
		}
	}
	if to.Before(from) || to.Sub(from) > maxPeriod {
		return wrong("it ends before it starts, or is longer than a year")
	}
	return from, to, nil
}
