package gateway

import (
	"fmt"
	"log/slog"
	"os"

	"github.com/saltern-api/saltern/internal/spool"
)

// answerShare is the part of answers.disk, as a divisor, that one address may
// take, so that others have room for theirs.
const answerShare = 2

// openAnswers prepares the files for large answers.
func (g *Gateway) openAnswers() error {
	dir, set := g.config.Settings.StateDir, g.config.Settings.Answers
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("state_dir: %w", err)
	}
	if err := spool.Sweep(dir); err != nil {
		g.log.Warn("files of answers that a killed gateway left could not all be removed", slog.Any("error", err))
	}
	g.spools = spool.NewStore(spool.Options{
		Memory: set.Memory, Disk: set.Disk, Share: set.Disk / answerShare,
		Create: func() (spool.File, error) { return spool.Unlinked(dir) },
	})
	return nil
}
