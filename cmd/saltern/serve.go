package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/debug"

	"github.com/saltern-api/saltern/eauth/apitoken/redis"
	"github.com/saltern-api/saltern/server"
)

// serve answers requests until ctx ends, which is at SIGTERM.
func serve(ctx context.Context, args []string, std stdio) error {
	var w where
	f := flags("serve")
	w.flags(f)
	if err := parse(f, args); err != nil {
		return err
	}
	c, err := w.load()
	if err != nil {
		return fmt.Errorf("configuration: %w", err)
	}
	log := newLog(std.err, c.set.Log.Level)
	for _, warning := range c.warnings {
		log.WarnContext(ctx, "configuration", slog.String("warning", warning))
	}
	limitMemory(ctx, os.DirFS("/"), os.Getenv, debug.SetMemoryLimit, log)
	for _, mode := range modes(c.master, c.set.Auth.Deciding) {
		log.InfoContext(ctx, "an eauth module decides", slog.String("eauth", mode))
	}
	redis.LogTo(log)
	return answer(ctx, c, log)
}

func newLog(out io.Writer, level slog.Level) *slog.Logger {
	return slog.New(slog.NewJSONHandler(out, &slog.HandlerOptions{Level: level}))
}

// answer runs the gateway. The order of the end is that of the beginning,
// backwards: first the listeners, then the tokens that are ours, then the bus.
func answer(ctx context.Context, c *config, log *slog.Logger) error {
	reg := server.NewRegistry()
	g, err := assemble(ctx, c, reg, log)
	if err != nil {
		return err
	}
	defer g.close(context.WithoutCancel(ctx))
	srv, err := server.Listen(ctx, server.Config{
		Gateway:   g.lowstate,
		Main:      c.surface,
		Tornado:   tornadoOptions(c.master),
		Sessions:  seenLogins{g.sessions, g.tokens.Seen, log},
		Perms:     g.perms,
		Events:    g.hub,
		Hooks:     g.firer,
		Tokens:    g.tokens,
		Doors:     doorOptions(g.tokens, c.set.Tokens),
		Audit:     auditOptions(c, g.audit),
		Listeners: c.listeners,
		Settings:  c.set,
		BodyLimit: c.set.BodyLimit(bodyLimit(c.master)),
		Registry:  reg,
		Ready:     g.ready,
		Log:       log,
	})
	if err != nil {
		return err
	}
	operator, err := serveOperator(c.set.StateDir, g.tokens, log)
	if err != nil {
		srv.Close()
		return err
	}
	defer operator.close(context.WithoutCancel(ctx))
	g.start(context.WithoutCancel(ctx))
	if err := srv.Serve(ctx); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}
