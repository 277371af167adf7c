package netapi

import (
	"fmt"
	"net/http"
	"runtime"
	"time"

	"github.com/saltern-api/saltern/server/web"
)

// stats answers GET /stats with the gateway's own figures under CherryPy's
// names for its own, whether or not collect_stats is on, as salt-api does. It
// shows nothing about other requests and their clients.
func (s *CherryPy) stats(x *web.Exchange, r *http.Request) error {
	if !s.StatsDisableAuth {
		_, _, release, err := s.authorize(x, r)
		if err != nil {
			return err
		}
		defer release()
	}
	x.WriteJSON(http.StatusOK, statsJSON(s.Traffic.Counts(), time.Now()))
	return nil
}

// httpServers are the names of the HTTP server, without the number that
// follows: CherryPy's current one and an older one, which SUSE's client reads.
var httpServers = []string{"Cheroot HTTPServer", "CherryPy HTTPServer"}

// statsJSON returns an object of objects. SUSE's client requires integers where
// they are integers.
func statsJSON(t web.TrafficCounts, now time.Time) []byte {
	up := now.Sub(t.Since).Seconds()
	begun, ended := t.Begun, t.Ended
	in, out, took := t.In, t.Out, t.Took.Seconds()
	each := 1 / float64(max(ended, 1))
	b := fmt.Appendf(nil, `{"CherryPy Applications": {"Enabled": true, `+
		`"Bytes Read/Request": %f, "Bytes Read/Second": %f, "Bytes Written/Request": %f, "Bytes Written/Second": %f, `+
		`"Current Time": %s, "Current Requests": %d, "Requests/Second": %f, "Server Version": "saltern", `+
		`"Start Time": %s, "Total Bytes Read": %d, "Total Bytes Written": %d, "Total Requests": %d, `+
		`"Total Time": %f, "Uptime": %f, "Requests": {}}`,
		float64(in)*each, float64(in)/up, float64(out)*each, float64(out)/up,
		web.UnixSeconds(now), begun-ended, float64(begun)/up,
		web.UnixSeconds(t.Since), in, out, begun, took, up)
	for _, name := range httpServers {
		b = fmt.Appendf(b, `, "%s 1": {"Enabled": true, "Bind Address": "", "Run time": %d, "Accepts": %d, "Accepts/sec": %f, `+
			`"Queue": 0, "Threads": %d, "Threads Idle": 0, "Socket Errors": 0, "Requests": %d, "Bytes Read": %d, `+
			`"Bytes Written": %d, "Work Time": %d, "Read Throughput": %d, "Write Throughput": %f, "Worker Threads": {}}`,
			name, int(up), begun, float64(begun)/up, runtime.NumGoroutine(), begun, in,
			out, int(took), int(float64(in)/up), float64(out)/up)
	}
	return append(b, '}')
}
