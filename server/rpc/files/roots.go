package files

import (
	"context"
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
