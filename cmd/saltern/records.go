package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"os"
	"time"

	"github.com/saltern-api/saltern/internal/gateway/config"
	"github.com/saltern-api/saltern/internal/gateway/recordkeeper"
	"github.com/saltern-api/saltern/internal/settings"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/server/audit"
)

const recordsUsage = `saltern records: what is kept of jobs and their returns.

    saltern records export [--since 24h|TIME] [--until 24h|TIME]   write it to standard output
    saltern records import                                         read an export from standard input
    saltern records trim [--keep 90d] [--max-size 2GiB]            remove what is older, or the oldest

An export has one JSON object on each line, the oldest job first: {"job": {...}},
and then {"return": {...}} for each minion that has returned for it. The value of
a return is msgpack in base64. What is there already stays as it is when an export
is read, so that an import which failed may be repeated.

Without flags, trim removes what records.keep and records.max_size in saltern.yaml
say, which a running gateway does every ten minutes.

All take -c DIR and --config FILE, and may run beside the gateway.
`

// maxLine is the longest line of an export that is read: a job for a million
// minions.
const maxLine = 256 << 20

// recordsCommand is the command records.
func recordsCommand(ctx context.Context, args []string, std stdio) error {
	if len(args) == 0 {
		return fmt.Errorf("%w of records: one of export, import and trim is needed", errUsage)
	}
	run, ok := map[string]func(context.Context, []string, stdio) error{
		"export": exportRecords, "import": importRecords, "trim": trimRecords,
	}[args[0]]
	var err error
	switch {
	case args[0] == "help" || args[0] == "-h" || args[0] == "--help":
		err = flag.ErrHelp
	case !ok:
		err = fmt.Errorf("%w of records: unexpected %q", errUsage, args[0])
	default:
		err = run(ctx, args[1:], std)
	}
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(std.out, recordsUsage)
		return nil
	}
	return err
}

// openRecords opens the store of the configuration.
func openRecords(ctx context.Context, files config.Files, std stdio) (*config.Config, records.Store, error) {
	c, err := load(files)
	if err != nil {
		return nil, nil, err
	}
	if err := c.MayOpenRecords(); err != nil {
		return nil, nil, err
	}
	store, err := recordkeeper.Open(c, slog.New(slog.NewTextHandler(std.err, nil)))
	if err != nil {
		return nil, nil, err
	}
	if err := store.Ping(ctx); err != nil {
		return nil, nil, errors.Join(err, store.Close())
	}
	return c, store, nil
}

// exportRecords writes records as lines.
func exportRecords(ctx context.Context, args []string, std stdio) (err error) {
	var files config.Files
	var since, until string
	f := flags("records export")
	fileFlags(f, &files)
	f.StringVar(&since, "since", "", "")
	f.StringVar(&until, "until", "", "")
	if err := parse(f, args); err != nil {
		return err
	}
	var from, to time.Time
	now := time.Now()
	for text, at := range map[*string]*time.Time{&since: &from, &until: &to} {
		if *text == "" {
			continue
		}
		if *at, err = audit.ParseTime(*text, now); err != nil {
			return fmt.Errorf("%w of records export: %w", errUsage, err)
		}
	}
	_, store, err := openRecords(ctx, files, std)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	w := bufio.NewWriter(std.out)
	lines := json.NewEncoder(w)
	lines.SetEscapeHTML(false)
	for e, err := range store.Export(ctx, from, to) {
		if err != nil {
			return errors.Join(err, w.Flush())
		}
		if err := lines.Encode(e); err != nil {
			return fmt.Errorf("write an export: %w", err)
		}
	}
	return w.Flush()
}

// importRecords reads records as exportRecords writes them.
func importRecords(ctx context.Context, args []string, std stdio) (err error) {
	var files config.Files
	f := flags("records import")
	fileFlags(f, &files)
	if err := parse(f, args); err != nil {
		return err
	}
	_, store, err := openRecords(ctx, files, std)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	done, err := records.Import(ctx, store, entries(os.Stdin))
	fmt.Fprintf(std.out, "added %d jobs and %d returns\n", done.Jobs, done.Returns)
	if done.Saved > 0 {
		fmt.Fprintf(std.out, "added %d saved jobs and targets\n", done.Saved)
	}
	if done.Schedules > 0 {
		fmt.Fprintf(std.out, "added %d schedules, which are not enabled\n", done.Schedules)
	}
	if done.Invalid > 0 {
		fmt.Fprintf(std.err, "warning: %d records cannot be kept\n", done.Invalid)
	}
	return err
}

// entries yields what the lines of an export have.
func entries(in io.Reader) iter.Seq2[records.Entry, error] {
	return func(yield func(records.Entry, error) bool) {
		lines := bufio.NewScanner(in)
		lines.Buffer(nil, maxLine)
		for n := 1; lines.Scan(); n++ {
			line := bytes.TrimSpace(lines.Bytes())
			if len(line) == 0 {
				continue
			}
			var e records.Entry
			err := json.Unmarshal(line, &e)
			if err == nil && e == (records.Entry{}) {
				err = errors.New("it has neither a job nor a return, nor anything saved")
			}
			if err != nil {
				err = fmt.Errorf("line %d is not one of an export: %w", n, err)
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
		if err := lines.Err(); err != nil {
			yield(records.Entry{}, fmt.Errorf("read an export: %w", err))
		}
	}
}

// trimRecords removes records.
func trimRecords(ctx context.Context, args []string, std stdio) (err error) {
	var files config.Files
	var keep, size string
	f := flags("records trim")
	fileFlags(f, &files)
	f.StringVar(&keep, "keep", "", "")
	f.StringVar(&size, "max-size", "", "")
	if err := parse(f, args); err != nil {
		return err
	}
	var life time.Duration
	var bytes int64
	if keep != "" {
		if life, err = settings.ParseLife(keep); err != nil {
			return fmt.Errorf("%w of records trim: --keep: %w", errUsage, err)
		}
	}
	if size != "" {
		if bytes, err = settings.ParseSize(size); err != nil {
			return fmt.Errorf("%w of records trim: --max-size: %w", errUsage, err)
		}
	}
	c, store, err := openRecords(ctx, files, std)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	if keep == "" && size == "" {
		life, bytes = c.Settings.Records.Keep, c.Settings.Records.MaxSize
	}
	t := records.Trim{Bytes: bytes}
	if life > 0 {
		t.Before = time.Now().Add(-life)
	}
	done, err := store.Trim(ctx, t)
	fmt.Fprintf(std.out, "removed %d jobs and %d returns\n", done.Jobs, done.Returns)
	if err != nil {
		return err
	}
	left, err := store.Size(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(std.out, "there are %d jobs, %d minions of them, about %d MiB\n", left.Jobs, left.Returns, left.Bytes>>20)
	return nil
}
