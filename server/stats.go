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

// stats answers GET /stats: nothing unless collect_stats is on, and otherwise
// an object of objects under the names that CherryPy gives them. SUSE's client
// wants whole numbers where it has them.
func (s *mainSurface) stats(x *exchange, r *http.Request) error {
	if !s.opts.StatsDisableAuth {
		if _, err := s.caller(x, r); err != nil {
			return err
		}
	}
	if !s.opts.CollectStats {
		writeJSON(x, http.StatusOK, []byte("{}"))
		return nil
	}
	writeJSON(x, http.StatusOK, s.traffic.json(time.Now()))
	return nil
}

func (t *traffic) json(now time.Time) []byte {
	up := now.Sub(t.since).Seconds()
	begun, ended := t.begun.Load(), t.ended.Load()
	in, out, took := t.in.Load(), t.out.Load(), float64(t.micros.Load())/1e6
	each := 1 / float64(max(ended, 1))
	return fmt.Appendf(nil, `{"CherryPy Applications": {"Enabled": true, `+
		`"Bytes Read/Request": %f, "Bytes Read/Second": %f, "Bytes Written/Request": %f, "Bytes Written/Second": %f, `+
		`"Current Time": %s, "Current Requests": %d, "Requests/Second": %f, "Server Version": "saltern", `+
		`"Start Time": %s, "Total Bytes Read": %d, "Total Bytes Written": %d, "Total Requests": %d, `+
		`"Total Time": %f, "Uptime": %f, "Requests": {}}, `+
		`"CherryPy HTTPServer 1": {"Enabled": true, "Bind Address": "", "Run time": %d, "Accepts": %d, "Accepts/sec": %f, `+
		`"Queue": 0, "Threads": %d, "Threads Idle": 0, "Socket Errors": 0, "Requests": %d, "Bytes Read": %d, `+
		`"Bytes Written": %d, "Work Time": %d, "Read Throughput": %d, "Write Throughput": %f, "Worker Threads": {}}}`,
		float64(in)*each, float64(in)/up, float64(out)*each, float64(out)/up,
		unixSeconds(now), begun-ended, float64(begun)/up,
		unixSeconds(t.since), in, out, begun, took, up,
		int(up), begun, float64(begun)/up, runtime.NumGoroutine(), begun, in,
		out, int(took), int(float64(in)/up), float64(out)/up)
}
