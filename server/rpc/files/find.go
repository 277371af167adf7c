package files

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/saltern-api/saltern/server/rpc/method"
)

type fileParams struct {
	UUID string `rpc:"file_uuid" format:"uuid" doc:"The file, in place of saltenv and path."`
	Env  string `rpc:"saltenv" doc:"The environment."`
	Path string `rpc:"path" doc:"The path below the roots of the environment."`
}

// name returns the environment and the path of the file that is named.
func (p fileParams) name(ctx context.Context, c *call) (env, name string, err error) {
	if p.UUID != "" {
		if p.Env != "" || p.Path != "" {
			return "", "", method.InvalidParameter("file_uuid", "it excludes saltenv and path")
		}
		return c.fileOf(ctx, p.UUID)
	}
	if what := wrongEnv(p.Env); what != "" {
		return "", "", method.InvalidParameter("saltenv", what)
	}
	if what := wrongPath(p.Path); what != "" {
		return "", "", method.InvalidParameter("path", what)
	}
	return p.Env, p.Path, nil
}

// fileOf looks for a file by its uuid.
func (c *call) fileOf(ctx context.Context, uuid string) (env, name string, err error) {
	all, err := c.envs(ctx)
	if err != nil {
		return "", "", err
	}
	left := maxFiles
	for _, m := range all {
		var list []json.RawMessage
		if json.Unmarshal(m.Value, &list) != nil || wrongEnv(m.Name) != "" {
			continue
		}
		for _, tree := range list {
			roots, err := rootsOf(tree, &left)
			if err != nil {
				return "", "", err
			}
			for _, r := range roots {
				for _, name := range r.files {
					if strings.EqualFold(fileUUID(m.Name, name), uuid) {
						return m.Name, name, nil
					}
				}
			}
		}
	}
	return "", "", errNoFile()
}

// foundFile is a file as the master finds it.
type foundFile struct {
	full string
	text bool
}

// findFile returns the files with a path, in the order of the roots: minions get the first
// one. The master leaves out what is not below its root when links are followed.
func (c *call) findFile(ctx context.Context, env, name string) (all []foundFile, err error) {
	var list []map[string]string
	if err := c.Wheel(ctx, &list, "file_roots.find", map[string]any{"path": name, "saltenv": env}); err != nil {
		return nil, err
	}
	for _, one := range list {
		for full, kind := range one {
			all = append(all, foundFile{full, kind == "txt"})
		}
	}
	return all, nil
}

func errNoFile() error {
	return &method.Error{Code: method.CodeNotFound, Message: "there is no such file"}
}
