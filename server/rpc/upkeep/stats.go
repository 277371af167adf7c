package upkeep

import (
	"context"
	"encoding/json"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/internal/jsonobject"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/server/rpc/method"
)

func (a *API) statsMethods() []*method.Method {
	needs := []role.Permission{role.MasterRead}
	served := a.Records != nil
	return []*method.Method{
		declare(a, method.About{Name: "stats.null", Doc: "Do nothing, to measure how long calls take.", Returns: "null", Served: true},
			func(context.Context, *call, method.None) (any, error) { return nil, nil }),
		declare(a, method.About{
			Name: "stats.get_system_metric_sources", Doc: "Return what reports a metric: the master, for those that have a meaning here.", Returns: "a list of texts",
			Needs: needs, Served: served,
		}, func(_ context.Context, c *call, _ metricSourcesParams) (any, error) {
			return []string{c.api.MasterID}, nil
		}),
		declare(a, method.About{
			Name: "stats.get_system_metrics", Doc: "Return the metrics that have a meaning here, as they are now, counted among the commands that the caller sees: those of " +
				"the period, up to 100,000. The course of the gateway's figures is at /metrics.",
			Returns: "`{count, results}`, an object with a series of one value for each metric", Needs: needs, Served: served,
		}, getSystemMetrics),
	}
}

type metricSourcesParams struct {
	Metric string `rpc:"metric,required" enum:"sse_masters|sse_jobs_in_progress|sse_jobs_complete_all_successful|sse_jobs_complete_missing_returns|sse_jobs_complete_with_errors" doc:"The metric."`
}

type systemMetricsParams struct {
	DateRange method.Object `rpc:"daterange" doc:"An object with two of start, end and timedelta, in seconds: the last 24 hours without it."`
	Metrics   []string      `rpc:"metrics" enum:"sse_masters|sse_jobs_in_progress|sse_jobs_complete_all_successful|sse_jobs_complete_missing_returns|sse_jobs_complete_with_errors" doc:"The metrics; all without it."`
	Sources   []string      `rpc:"sources" doc:"The names of masters."`
	Reverse   bool          `rpc:"reverse" default:"false" doc:"There is one value of each metric: this changes nothing."`
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
	from, to, err := p.period(c.X.Start)
	if err != nil {
		return nil, err
	}
	rows := []metricSeries{}
	if !method.Among(p.Sources, c.api.MasterID) {
		return method.Page[metricSeries]{Results: rows}, nil
	}
	counts, err := c.api.Records.CountJobs(ctx, c.Caller, records.Filter{From: from, To: to})
	if err != nil {
		return nil, err
	}
	for _, m := range systemMetrics {
		if !method.Among(p.Metrics, m.name) {
			continue
		}
		value := 1
		if m.states != nil {
			value = 0
			for _, state := range m.states {
				value += counts.ByState[state]
			}
		}
		rows = append(rows, metricSeries{m.name + "-" + c.api.MasterID, []metricValue{{value, method.TimeText(to)}}})
	}
	return method.Page[metricSeries]{Count: len(rows), Results: rows}, nil
}

// maxPeriod bounds a period of metrics.
const maxPeriod = 366 * 24 * time.Hour

// period returns the period of metrics, the last day without one.
func (p systemMetricsParams) period(now time.Time) (from, to time.Time, err error) {
	wrong := func(why string) (time.Time, time.Time, error) {
		return time.Time{}, time.Time{}, method.InvalidParameter("daterange", why)
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
	if !method.IsNull(delta) {
		seconds, ok := method.NumberOf(delta)
		switch {
		case !ok || seconds < 1 || seconds > maxPeriod.Seconds():
			return wrong("timedelta is not a number of seconds of up to a year")
		case start != "" && end != "":
			return wrong("it has two of start, end and timedelta at the most")
		}
		span = time.Duration(seconds * float64(time.Second))
	}
	if end != "" {
		if to, err = method.ParseTime(end, ""); err != nil {
			return wrong(err.Error())
		}
	}
	from = to.Add(-span)
	if start != "" {
		if from, err = method.ParseTime(start, ""); err != nil {
			return wrong(err.Error())
		}
		if end == "" && !method.IsNull(delta) {
			to = from.Add(span)
		}
	}
	if to.Before(from) || to.Sub(from) > maxPeriod {
		return wrong("it ends before it starts, or is longer than a year")
	}
	return from, to, nil
}
