package main

import (
	"context"
	"io"
	"log/slog"

	"github.com/saltern-api/saltern/internal/gateway"
	"github.com/saltern-api/saltern/internal/gateway/config"
)

// serve serves requests until ctx ends, which is at SIGTERM.
func serve(ctx context.Context, args []string, std stdio) error {
	var files config.Files
	f := flags("serve")
	fileFlags(f, &files)
	if err := parse(f, args); err != nil {
		return err
	}
	c, err := load(files)
	if err != nil {
		return err
	}
	log := newLog(std.err, c.LogLevel())
	for _, warning := range c.Warnings() {
		log.WarnContext(ctx, "configuration", slog.String("warning", warning))
	}
	gateway.PrepareProcess(ctx, log)
	for _, mode := range c.Modes() {
		log.InfoContext(ctx, "an eauth module decides", slog.String("eauth", mode))
	}
	return answer(ctx, c, log)
}

// answer runs a gateway until ctx ends.
func answer(ctx context.Context, c *config.Config, log *slog.Logger) error {
	c.Version = builtVersion()
	g, err := gateway.New(ctx, c, log)
	if err != nil {
		return err
	}
	defer g.Close()
	return g.Run(ctx)
}

func newLog(out io.Writer, level slog.Level) *slog.Logger {
	return slog.New(slog.NewJSONHandler(out, &slog.HandlerOptions{Level: level}))
}
