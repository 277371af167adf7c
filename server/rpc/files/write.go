package files

import (
	"context"
	"encoding/base64"
	"fmt"
	"mime"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/server/rpc/method"
	"github.com/saltern-api/saltern/server/rpc/run"
)

type saveFileParams struct {
	UUID     string `rpc:"file_uuid" format:"uuid" doc:"The file, in place of saltenv and path."`
	Env      string `rpc:"saltenv" doc:"The environment."`
	Path     string `rpc:"path" doc:"The path below the roots of the environment."`
	Contents string `rpc:"contents,required" doc:"A text of up to 1 MiB; it is base64 with a content_type that is none of a text."`
	Type     string `rpc:"content_type" doc:"The type of the contents. It is not kept."`
}

func saveFile(ctx context.Context, c *call, p saveFileParams, mustExist bool) (any, error) {
	env, name, err := fileParams{p.UUID, p.Env, p.Path}.name(ctx, c)
	if err != nil {
		return nil, err
	}
	data, wrong := contentsOf(p.Contents, p.Type)
	if wrong != nil {
		return nil, wrong
	}
	all, err := c.findFile(ctx, env, name)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 && mustExist {
		return nil, errNoFile()
	}
	roots, ok, err := c.files(ctx, env)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, errNoEnv()
	}
	index := 0
	if len(all) > 0 {
		if index = slices.IndexFunc(roots, func(r root) bool { return all[0].full == path.Join(r.path, name) }); index < 0 {
			return nil, errElsewhere()
		}
		if err := c.onceEach(ctx, env, roots[:index]); err != nil {
			return nil, err
		}
	}
	var said string
	err = c.Wheel(ctx, &said, "file_roots.write", map[string]any{"data": data, "path": name, "saltenv": env, "index": index})
	if err != nil {
		return nil, err
	}
	wrote, ok := strings.CutPrefix(said, "Wrote data to file ")
	if !ok {
		return nil, &method.Error{Code: method.CodeFailed, Message: "file_roots.write: " + run.Clip(said)}
	}
	c.Note(issuer.Changed, run.Clip(fmt.Sprintf("file %q of %q", name, env)))
	if len(all) > 0 && wrote != all[0].full {
		// An empty folder is there twice, see onceEach.
		return nil, &method.Error{Code: method.CodeFailed, Message: run.Clip("the master has written " + wrote + " in place of " + all[0].full + ": its file_roots have a folder twice")}
	}
	return fileUUID(env, name), nil
}

// onceEach returns an error if the master's file_roots have one of some roots twice. The
// master lists it once, so that those behind it have other numbers than it seems. A file
// of such a root is found twice; of an empty one nothing is.
func (c *call) onceEach(ctx context.Context, env string, roots []root) error {
	for _, r := range roots {
		if len(r.files) == 0 {
			continue
		}
		all, err := c.findFile(ctx, env, r.files[0])
		if err != nil {
			return err
		}
		times := 0
		for _, f := range all {
			if f.full == path.Join(r.path, r.files[0]) {
				times++
			}
		}
		if times > 1 {
			return &method.Error{Code: method.CodeFailed, Message: run.Clip("the master's file_roots have " + r.path + " twice: what is in the folders behind it cannot be written")}
		}
	}
	return nil
}

func errElsewhere() error {
	return &method.Error{Code: method.CodeFailed, Message: "the file is not below the roots of the environment"}
}

// contentsOf returns what is to be written. The master writes texts only.
func contentsOf(contents, kind string) (string, *method.Error) {
	if kind != "" {
		media, _, err := mime.ParseMediaType(kind)
		if err != nil {
			return "", method.InvalidParameter("content_type", "it is no type")
		}
		if !isTextType(media) {
			raw, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(contents), ""))
			if err != nil {
				return "", method.InvalidParameter("contents", "it is not base64, as the content_type says")
			}
			contents = string(raw)
		}
	}
	switch {
	case len(contents) > maxContents:
		return "", &method.Error{Code: method.CodeTooLarge, Message: fmt.Sprintf("contents: it has more than %d bytes", maxContents), Parameter: "contents"}
	case !utf8.ValidString(contents) || strings.Contains(contents, "\x00"):
		return "", method.InvalidParameter("contents", "it is not a text, and the master writes texts only")
	}
	return contents, nil
}

// textTypes are types of texts beside text/*.
var textTypes = []string{
	"application/json", "application/yaml", "application/x-yaml", "application/xml", "application/javascript", "application/x-sh",
	"application/x-python", "application/x-python-code", "application/toml", "application/sql", "application/x-perl", "application/x-ruby",
}

func isTextType(media string) bool {
	return strings.HasPrefix(media, "text/") || slices.Contains(textTypes, media) || strings.HasSuffix(media, "+json") || strings.HasSuffix(media, "+xml")
}

func deleteFile(ctx context.Context, c *call, p fileParams) (any, error) {
	env, name, err := p.name(ctx, c)
	if err != nil {
		return nil, err
	}
	all, err := c.findFile(ctx, env, name)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, errNoFile()
	}
	roots, _, err := c.files(ctx, env)
	if err != nil {
		return nil, err
	}
	full := all[0].full
	below := slices.ContainsFunc(roots, func(r root) bool { return path.IsAbs(r.path) && full == path.Join(r.path, name) })
	if !below || path.Clean(full) != full || wrongPath(strings.TrimPrefix(full, "/")) != "" {
		return nil, errElsewhere()
	}
	var removed bool
	if err := c.RunnerArgs(ctx, &removed, "salt.cmd", []string{"file.remove"}, map[string]any{"path": full}); err != nil {
		return nil, err
	}
	if !removed {
		return nil, errNoFile()
	}
	c.Note(issuer.Removed, run.Clip(fmt.Sprintf("file %q of %q", name, env)))
	return nil, nil
}
