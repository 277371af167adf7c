package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"slices"
	"time"

	"github.com/saltern-api/saltern/internal/gateway/config"
	"github.com/saltern-api/saltern/server/audit"
)

const auditUsage = `saltern audit: who did what, as one JSON object on each line, the newest last.

    saltern audit [--since 24h|TIME] [--until 24h|TIME] [--user USER] [--token ID] [--event EVENT]
                  [--outcome ok|refused|failed|canceled|skipped] [--request ID] [--client-request ID]
                  [--client CLIENT] [--fun FUNCTION] [--limit N] [--newest] [--follow]

    --user     who did it, or said to be, or whose the token is
    --token    the id of a token, of the API token behind it, or of one that ended with it
    --request  the gateway's own id of a request, as in its log and the X-Request-Id of the answer
    --client-request  the X-Request-Id that the client or a proxy has sent
    --limit    the newest N lines (default 100), or with 0 all
    --newest   the newest first
    --follow   wait for more, until Ctrl-C

It takes -c DIR and --config FILE, and reads the files of this gateway's log by
itself: another gateway has a log of its own.
`

// followEvery is the interval of checks for new lines.
const followEvery = 500 * time.Millisecond

// maxAuditLimit is the maximum number of lines that are held to be reversed.
const maxAuditLimit = 100000

// auditCommand is the command audit.
func auditCommand(ctx context.Context, args []string, std stdio) error {
	var files config.Files
	var q audit.Query
	var since, until string
	var newest, follow bool
	f := flags("audit")
	fileFlags(f, &files)
	f.StringVar(&since, "since", "", "")
	f.StringVar(&until, "until", "", "")
	f.StringVar(&q.User, "user", "", "")
	f.StringVar(&q.Token, "token", "", "")
	f.StringVar(&q.Event, "event", "", "")
	f.StringVar(&q.Outcome, "outcome", "", "")
	f.StringVar(&q.Request, "request", "", "")
	f.StringVar(&q.ClientRequest, "client-request", "", "")
	f.StringVar(&q.Client, "client", "", "")
	f.StringVar(&q.Fun, "fun", "", "")
	f.BoolVar(&newest, "newest", false, "")
	f.BoolVar(&follow, "follow", false, "")
	limit := f.Int("limit", 100, "")
	if len(args) > 0 && args[0] == "help" {
		args = []string{"-h"}
	}
	err := parse(f, args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(std.out, auditUsage)
		return nil
	}
	if err != nil {
		return err
	}
	if *limit < 0 || *limit > maxAuditLimit || newest && follow {
		return fmt.Errorf("%w of audit: --limit is 0 to %d, and --newest does not go with --follow", errUsage, maxAuditLimit)
	}
	now := time.Now()
	for text, at := range map[*string]*time.Time{&since: &q.Since, &until: &q.Until} {
		if *text == "" {
			continue
		}
		if *at, err = audit.ParseTime(*text, now); err != nil {
			return fmt.Errorf("%w of audit: %w", errUsage, err)
		}
	}
	c, err := load(files)
	if err != nil {
		return err
	}
	path, err := c.ReadableAuditFile()
	if err != nil {
		return err
	}
	r := &auditPrinter{path: path, std: std}
	defer r.damage()
	return r.print(ctx, q, *limit, newest, follow)
}

// auditPrinter prints lines of the log.
type auditPrinter struct {
	path    string
	std     stdio
	damaged int
}

func (r *auditPrinter) print(ctx context.Context, q audit.Query, limit int, newest, follow bool) error {
	end, err := audit.End(r.path)
	if err != nil {
		return err
	}
	switch {
	case limit == 0:
		q.Oldest = !newest
		if end, err = r.all(ctx, q); err != nil {
			return err
		}
	case newest:
		q.After = end
		err = r.find(ctx, q, limit, r.line)
	default:
		q.After = end
		var lines []json.RawMessage
		err = r.find(ctx, q, limit, func(line json.RawMessage) error {
			lines = append(lines, line)
			return nil
		})
		for _, line := range slices.Backward(lines) {
			err = errors.Join(err, r.line(line))
		}
	}
	q.Oldest, q.After = true, end
	for err == nil && follow {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(followEvery):
		}
		q.After, err = r.all(ctx, q)
	}
	if follow && errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// all prints everything, and returns where it ended.
func (r *auditPrinter) all(ctx context.Context, q audit.Query) (end string, err error) {
	q.Limit = audit.MaxLimit
	for {
		page, err := r.page(ctx, q, r.line)
		if err != nil || !page.More {
			return page.Next, err
		}
		q.After = page.Next
	}
}

// find calls each for at most limit lines.
func (r *auditPrinter) find(ctx context.Context, q audit.Query, limit int, each func(json.RawMessage) error) error {
	for limit > 0 {
		q.Limit = min(limit, audit.MaxLimit)
		page, err := r.page(ctx, q, each)
		if err != nil || !page.More {
			return err
		}
		limit -= len(page.Entries)
		q.After = page.Next
	}
	return nil
}

func (r *auditPrinter) page(ctx context.Context, q audit.Query, each func(json.RawMessage) error) (audit.Page, error) {
	page, err := audit.Find(ctx, r.path, q)
	if err != nil {
		return page, err
	}
	r.damaged += page.Damaged
	for _, line := range page.Entries {
		if err := each(line); err != nil {
			return page, err
		}
	}
	return page, nil
}

func (r *auditPrinter) line(line json.RawMessage) error {
	_, err := fmt.Fprintf(r.std.out, "%s\n", line)
	return err
}

func (r *auditPrinter) damage() {
	if r.damaged > 0 {
		fmt.Fprintf(r.std.err, "saltern: %d lines are damaged and were passed over\n", r.damaged)
	}
}
