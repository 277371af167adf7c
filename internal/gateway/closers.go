package gateway

import (
	"fmt"
	"log/slog"
	"slices"
)

// closers are to be closed in the reverse of their order.
type closers []closer

type closer struct {
	name  string
	close func() error
}

// add adds a closer, to be closed before all others.
func (c *closers) add(name string, end func() error) { *c = append(*c, closer{name, end}) }

// addFunc is add for a close without an error.
func (c *closers) addFunc(name string, end func()) {
	c.add(name, func() error { end(); return nil })
}

// close closes all of them, the last first, each only once. Errors are logged
// and do not stop it.
func (c *closers) close(log *slog.Logger) {
	all := *c
	*c = nil
	for _, o := range slices.Backward(all) {
		if err := o.close(); err != nil {
			log.Warn("did not close", slog.Any("error", fmt.Errorf("%s: %w", o.name, err)))
		}
	}
}
