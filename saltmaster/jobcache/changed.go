package jobcache

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// maxJID is the most bytes of a jid.
const maxJID = 255

// Changed returns the jids of jobs that were published, or returned by another
// minion, at this time or later: at most most of them, the last ones, in their
// order.
func (c Cache) Changed(ctx context.Context, since time.Time, most int) (jids []string, err error) {
	if c.Dir == "" {
		return nil, nil
	}
	tops, err := names(c.Dir)
	if isNotThere(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("job cache: %w", err)
	}
	for _, top := range tops {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		dirs, err := names(filepath.Join(c.Dir, top))
		if err != nil {
			continue // removed, or no folder
		}
		for _, dir := range dirs {
			path := filepath.Join(c.Dir, top, dir)
			if info, err := os.Stat(path); err != nil || info.ModTime().Before(since) {
				continue
			}
			file := filepath.Join(path, "jid")
			if info, err := os.Stat(file); err != nil || info.Size() > maxJID || !info.Mode().IsRegular() {
				continue
			}
			if jid, err := os.ReadFile(file); err == nil && c.jobDir(string(jid)) == path {
				jids = append(jids, string(jid))
			}
		}
	}
	slices.Sort(jids)
	return jids[max(0, len(jids)-most):], nil
}

// ReturnTime returns when the master wrote the return of a minion; the zero time
// if there is none.
func (c Cache) ReturnTime(jid, minion string) time.Time {
	if c.Dir == "" || !safeName(minion) {
		return time.Time{}
	}
	info, err := os.Stat(filepath.Join(c.jobDir(jid), minion, returnFile))
	if err != nil {
		return time.Time{}
	}
	return info.ModTime().UTC()
}
