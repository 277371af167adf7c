package tokens

import (
	"context"
	"slices"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/reminder"
)

// Metrics counts the events of API tokens. No label has a value that a client
// chooses.
type Metrics struct {
	events    *prometheus.CounterVec
	reminders *prometheus.CounterVec
}

// NewMetrics registers the counters.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "saltern_token_events_total",
			Help: "What became of API tokens, by the issuing profile and by the reason of a refusal or revocation.",
		}, []string{"event", "profile", "why"}),
		reminders: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "saltern_reminders_total",
			Help: "Reminders of the end of tokens: sent, failed to be tried again, or unknown. Stage is in days before the end.",
		}, []string{"by", "stage", "outcome"}),
	}
	reg.MustRegister(m.events, m.reminders)
	for _, profile := range tokenProfiles[1:] {
		m.events.WithLabelValues(issuer.Reused, profile, apitoken.WhyReused) // see expect
	}
	return m
}

// expect starts the counts of reminders at 0. Otherwise the first reminder
// would not show as an increase.
func (m *Metrics) expect(senders []reminder.Sender, stages []int) {
	for _, s := range senders {
		for _, days := range stages {
			for _, o := range []reminder.Outcome{reminder.Sent, reminder.Failed, reminder.Unknown} {
				m.reminders.WithLabelValues(s.Name(), strconv.Itoa(days), string(o))
			}
		}
	}
}

// otherLabel is the label for any other value.
const otherLabel = "other"

// The values of labels.
var (
	tokenEvents = []string{
		issuer.Issued, issuer.Exchanged, issuer.Refused, issuer.Regenerated, issuer.Revoked, issuer.Reused,
		issuer.Granted, issuer.Denied, issuer.Changed, issuer.Removed,
	}
	tokenProfiles = []string{ // the first is for events without a token
		"", string(apitoken.ProfileNative), string(apitoken.ProfileCSP), string(apitoken.ProfileVCD),
	}
	tokenWhys = []string{
		"", "malformed", "throttled", "unknown", "owner", "idle", "kind", "org", "client", "scope", "account",
		string(apitoken.Expired), string(apitoken.Revoked), string(apitoken.UsedUp), string(apitoken.NoSecret),
		apitoken.WhyReused, apitoken.WhyUnused, apitoken.WhyRenewed,
	}
)

// Event counts an event of a token.
func (m *Metrics) Event(_ context.Context, e issuer.Event) {
	m.events.WithLabelValues(
		among(tokenEvents, e.What), among(tokenProfiles, string(e.Token.Profile)), among(tokenWhys, e.Why),
	).Inc()
}

func among(known []string, value string) string {
	if slices.Contains(known, value) {
		return value
	}
	return otherLabel
}

// reminded counts a reminder. The stages are those of the settings.
func (m *Metrics) reminded(by string, days int, o reminder.Outcome) {
	m.reminders.WithLabelValues(by, strconv.Itoa(days), string(o)).Inc()
}

// ShowExpiring registers the last count of tokens that expire soon. Without a
// count there is a metric that shows this, and no number.
func ShowExpiring(reg prometheus.Registerer, count func() (reminder.Expiring, bool)) {
	reg.MustRegister(expiring{count})
}

type expiring struct {
	count func() (reminder.Expiring, bool)
}

var (
	expiringDesc = prometheus.NewDesc("saltern_tokens_expiring", "API tokens that end soon.", []string{"within"}, nil)
	storeUpDesc  = prometheus.NewDesc("saltern_token_store_up", "Whether the store of API tokens has answered lately.", nil, nil)
)

// Describe implements prometheus.Collector.
func (expiring) Describe(out chan<- *prometheus.Desc) {
	out <- expiringDesc
	out <- storeUpDesc
}

// Collect implements prometheus.Collector.
func (e expiring) Collect(out chan<- prometheus.Metric) {
	soon, ok := e.count()
	gauge := func(desc *prometheus.Desc, value int, labels ...string) {
		out <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, float64(value), labels...)
	}
	if !ok {
		gauge(storeUpDesc, 0)
		return
	}
	gauge(storeUpDesc, 1)
	gauge(expiringDesc, soon.Week, "7d")
	gauge(expiringDesc, soon.Month, "30d")
}
