package lowstate

import (
	"errors"
	"math"
	"strconv"
	"strings"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// batchSize is how many minions may work on a batch at once: a number of them,
// or a part of all.
type batchSize struct {
	n       int
	percent float64
	isPart  bool
}

// of returns the size for a number of minions, which is 1 at the least.
func (s batchSize) of(minions int) int {
	n := float64(s.n)
	if s.isPart {
		n = s.percent / 100 * float64(minions)
	}
	return int(max(1, min(n, float64(minions))))
}

// defaultBatch is LocalClient.cmd_batch's own.
var defaultBatch = batchSize{percent: 10, isPart: true}

// batch returns the chunk's batch: 10, "10" or "25%".
func (c Chunk) batch() (batchSize, error) {
	v, ok := c.given("batch")
	if !ok {
		return defaultBatch, nil
	}
	size, ok := parseBatch(v)
	if !ok {
		return batchSize{}, badRequest("Invalid batch specification " + pythonRepr(v) +
			": must be an integer or percentage string like '10' or '25%'.")
	}
	return size, nil
}

func parseBatch(v msgpack.Raw) (size batchSize, ok bool) {
	if s, isText := text(v); isText {
		if strings.Contains(s, "%") {
			size.isPart = true
			size.percent, ok = number(msgpack.AppendString(nil, strings.Trim(s, "%")))
			return size, ok
		}
		n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 32)
		return batchSize{n: int(n)}, err == nil || errors.Is(err, strconv.ErrRange)
	}
	f, ok := number(v) // of true and false, too
	return batchSize{n: int(max(math.MinInt32, min(f, math.MaxInt32)))}, ok
}

// pythonRepr writes a value as Python's repr does, so far as that is a matter
// of quotes.
func pythonRepr(v msgpack.Raw) string {
	s, isText := text(v)
	if !isText {
		js, err := msgpack.AppendJSON(nil, v)
		if err != nil {
			return "value"
		}
		return printable(string(js))
	}
	s = printable(s)
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		return `"` + s + `"`
	}
	return "'" + strings.ReplaceAll(s, "'", `\'`) + "'"
}
