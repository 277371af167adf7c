package server

import (
	"fmt"
	"net/http"
	"runtime"
	"sync/atomic"
	"time"
)

// traffic counts what all listeners have done, for GET /stats.
type traffic struct {
	since           time.Time
	begun, ended    atomic.Int64
	in, out, micros atomic.Int64 // of the requests that have ended
}

func newTraffic() *traffic { return &traffic{since: time.Now()} }

// begin counts a request in, and end counts it out.
func (t *traffic) begin() { t.begun.Add(1) }

func (t *traffic) end(x *exchange) {
	t.ended.Add(1)
	t.in.Add(x.in)
	t.out.Add(x.out)
	t.micros.Add(time.Since(x.start).Microseconds())
}

// stats answers GET /stats with the gateway's own figures under the names that
// CherryPy gives to its own, whether or not collect_stats is on, as salt-api
// does. Nothing is told of other requests and their clients.
func (s *mainSurface) stats(x *exchange, r *http.Request) error {
	if !s.opts.StatsDisableAuth {
		if _, err := s.caller(x, r); err != nil {
			return err
		}
	}
	writeJSON(x, http.StatusOK, s.traffic.json(time.Now()))
	return nil
}

// httpServers are the names of what answers HTTP, without the number that
// follows: CherryPy's today and an older one, for which SUSE's client looks.
var httpServers = []string{"Cheroot HTTPServer", "CherryPy HTTPServer"}

// json returns an object of objects. SUSE's client wants whole numbers where it
// has them.
func (t *traffic) json(now time.Time) []byte {
	up := now.Sub(t.since).Seconds()
	begun, ended := t.begun.Load(), t.ended.Load()
	in, out, took := t.in.Load(), t.out.Load(), float64(t.micros.Load())/1e6
	each := 1 / float64(max(ended, 1))
	b := fmt.Appendf(nil, `{"CherryPy Applications": {"Enabled": true, `+
		`"Bytes Read/Request": %f, "Bytes Read/Second": %f, "Bytes Written/Request": %f, "Bytes Written/Second": %f, `+
		`"Current Time": %s, "Current Requests": %d, "Requests/Second": %f, "Server Version": "saltern", `+
		`"Start Time": %s, "Total Bytes Read": %d, "Total Bytes Written": %d, "Total Requests": %d, `+
		`"Total Time": %f, "Uptime": %f, "Requests": {}}`,
		float64(in)*each, float64(in)/up, float64(out)*each, float64(out)/up,
		unixSeconds(now), begun-ended, float64(begun)/up,
		unixSeconds(t.since), in, out, begun, took, up)
	for _, name := range httpServers {
		b = fmt.Appendf(b, `, "%s 1": {"Enabled": true, "Bind Address": "", "Run time": %d, "Accepts": %d, "Accepts/sec": %f, `+
			`"Queue": 0, "Threads": %d, "Threads Idle": 0, "Socket Errors": 0, "Requests": %d, "Bytes Read": %d, `+
			`"Bytes Written": %d, "Work Time": %d, "Read Throughput": %d, "Write Throughput": %f, "Worker Threads": {}}`,
			name, int(up), begun, float64(begun)/up, runtime.NumGoroutine(), begun, in,
			out, int(took), int(float64(in)/up), float64(out)/up)
	}
	return append(b, '}')
}
