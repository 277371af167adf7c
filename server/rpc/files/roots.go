package files

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"strings"

	"github.com/saltern-api/saltern/internal/jsonobject"
	"github.com/saltern-api/saltern/server/rpc/method"
	"github.com/saltern-api/saltern/server/rpc/run"
)

// root is a folder of file_roots, with its files in the master's order.
type root struct {
	path  string
	files []string // paths below it
}

// files lists what is in the roots of an environment, in the order in which the master
// looks at them. ok is false if there is no such environment.
func (c *call) files(ctx context.Context, env string) (roots []root, ok bool, err error) {
	var tree run.RawObject
	if err := c.Wheel(ctx, &tree, "file_roots.list_env", map[string]any{"saltenv": env}); err != nil {
		return nil, false, err
	}
	left := maxFiles
	roots, err = rootsOf(tree, &left)
	return roots, len(roots) > 0, err
}

// rootsOf reads the result of list_env.
func rootsOf(tree []byte, left *int) (roots []root, err error) {
	o, err := jsonobject.Parse(tree)
	if err != nil {
		return nil, fmt.Errorf("file_roots.list_env: %w", err)
	}
	for _, m := range o {
		r := root{path: m.Name}
		if err := r.walk(m.Value, "", 0, left); err != nil {
			return nil, err
		}
		roots = append(roots, r)
	}
	return roots, nil
}

// walk adds the files of a folder. A name that could not be asked for is left out.
func (r *root) walk(tree []byte, below string, depth int, left *int) error {
	o, err := jsonobject.Parse(tree)
	switch {
	case err != nil:
		return fmt.Errorf("file_roots.list_env: %w", err)
	case depth > maxDepth:
		return &method.Error{Code: method.CodeTooLarge, Message: fmt.Sprintf("there are more than %d folders in each other", maxDepth)}
	}
	for _, m := range o {
		name := path.Join(below, m.Name)
		if len(m.Value) > 0 && m.Value[0] == '{' {
			if err := r.walk(m.Value, name, depth+1, left); err != nil {
				return err
			}
			continue
		}
		if wrongPath(name) != "" || strings.ContainsRune(m.Name, '/') {
			continue
		}
		if *left--; *left < 0 {
			return &method.Error{Code: method.CodeTooLarge, Message: fmt.Sprintf("there are more than %d files", maxFiles)}
		}
		r.files = append(r.files, name)
	}
	return nil
}

// envs returns the environments with their contents.
func (c *call) envs(ctx context.Context) (jsonobject.Object, error) {
	var all run.RawObject
	if err := c.Wheel(ctx, &all, "file_roots.list_roots", nil); err != nil {
		return nil, err
	}
	o, err := jsonobject.Parse(all)
	if err != nil {
		return nil, fmt.Errorf("file_roots.list_roots: %w", err)
	}
	return o, nil
}

func errNoEnv() error {
	return &method.Error{Code: method.CodeNotFound, Message: "there is no such environment"}
}

func errNoFile() error {
	return &method.Error{Code: method.CodeNotFound, Message: "there is no such file"}
}

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
