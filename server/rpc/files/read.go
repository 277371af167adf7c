package files

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/saltern-api/saltern/server/rpc/method"
)

func fileExists(ctx context.Context, c *call, p fileParams) (any, error) {
	env, name, err := p.name(ctx, c)
	if e, ok := errors.AsType[*method.Error](err); ok && e.Code == method.CodeNotFound {
		return false, nil
	}
	if err != nil {
		return nil, err
	}
	all, err := c.findFile(ctx, env, name)
	return len(all) > 0, err
}

// shownContents is the result of fs.get_file.
type shownContents struct {
	shownFile
	ContentType string `json:"content_type"`
	Size        int    `json:"size"` // bytes
	SHA256      string `json:"sha256"`
	Data        string `json:"data"`
}

func getFile(ctx context.Context, c *call, p fileParams) (any, error) {
	env, name, err := p.name(ctx, c)
	if err != nil {
		return nil, err
	}
	all, err := c.findFile(ctx, env, name)
	switch {
	case err != nil:
		return nil, err
	case len(all) == 0:
		return nil, errNoFile()
	case !all[0].text:
		return nil, &method.Error{Code: method.CodeFailed, Message: "the file is not a text, and the master returns the contents of texts only"}
	}
	var read []map[string]string
	if err := c.Wheel(ctx, &read, "file_roots.read", map[string]any{"path": name, "saltenv": env}); err != nil {
		return nil, err
	}
	for _, one := range read {
		data, ok := one[all[0].full]
		switch {
		case !ok:
			continue
		case len(data) > maxContents:
			return nil, &method.Error{Code: method.CodeTooLarge, Message: fmt.Sprintf("the file has more than %d bytes", maxContents)}
		}
		sum := sha256.Sum256([]byte(data))
		return shownContents{
			shownFile{UUID: fileUUID(env, name), Env: env, Path: name}, typeOf(name), len(data), hex.EncodeToString(sum[:]), data,
		}, nil
	}
	return nil, errNoFile() // it was removed meanwhile
}

// typeOf guesses the type of a text by its name.
func typeOf(name string) string {
	switch strings.ToLower(path.Ext(name)) {
	case ".json":
		return "application/json"
	case ".yaml", ".yml":
		return "application/yaml"
	case ".xml":
		return "application/xml"
	}
	return "text/plain"
}
