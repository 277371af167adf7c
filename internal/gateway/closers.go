package gateway

import (
	"fmt"
	"log/slog"
	"slices"
)

// closers is what has to be closed, in the order in which it was opened.
type closers []closer

type closer struct {
	name  string
	close func() error
}

// add puts something on top, to be closed before all that is there already.
func (c *closers) add(name string, end func() error) { *c = append(*c, closer{name, end}) }

// addFunc is add for what closes without an error.
func (c *closers) addFunc(name string, end func()) {
	c.add(name, func() error { end(); return nil })
}

// close closes everything, the last first, each only once. What fails is logged
// and does not keep the rest open.
func (c *closers) close(log *slog.Logger) {
	all := *c
	*c = nil
	for _, o := range slices.Backward(all) {
		if err := o.close(); err != nil {
			log.Warn("did not close", slog.Any("error", fmt.Errorf("%s: %w", o.name, err)))
		}
	}
}
