package rpc

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/internal/jsonobject"
)

// The bounds of files. A file that is larger is not sent to the master; one that is
// there already is cut on its event bus, too.
const (
	maxContents = 1 << 20 // bytes
	maxFiles    = 100_000 // of one answer
	maxPath     = 1024    // bytes
	maxDepth    = 64      // folders
)

func fsMethods() []*Method {
	read, write := []role.Permission{role.FSRead}, []role.Permission{role.FSWrite}
	return []*Method{
		method(about{
			name: "fs.get_envs", doc: "Return the environments of the master's file_roots.", returns: "a list of names",
			needs: read, served: runs,
		}, getEnvs),
		method(about{
			name: "fs.get_env", doc: "Return the files of an environment. Of files with the same path in several roots there is the one that minions get.",
			returns: "a list of `{uuid, saltenv, path, metadata}`; metadata has the root", needs: read, served: runs,
		}, getEnv),
		method(about{
			name: "fs.get_file", doc: "Return a text file. The master does not return the contents of others.",
			returns: "`{uuid, saltenv, path, content_type, size, sha256, data}`", needs: read, served: runs,
		}, getFile),
		method(about{
			name: "fs.file_exists", doc: "Return whether there is a file.", returns: "true or false", needs: read, served: runs,
		}, fileExists),
		method(about{
			name: "fs.save_file", doc: "Write a text file: in the place of the one that minions get, or a new one in the first root of the environment.",
			returns: "the uuid", needs: write, served: runs,
		}, func(ctx context.Context, c *call, p saveFileParams) (any, error) { return saveFile(ctx, c, p, false) }),
		method(about{
			name: "fs.update_file", doc: "Write a text file that is there already.", returns: "the uuid", needs: write, served: runs,
		}, func(ctx context.Context, c *call, p saveFileParams) (any, error) { return saveFile(ctx, c, p, true) }),
		method(about{
			name: "fs.delete_file", doc: "Delete the file that minions get. The wheel functions of file_roots find it, and as these do not delete, " +
				"the runner `salt.cmd` removes it: the caller needs the right to run it, too.",
			returns: "null", needs: []role.Permission{role.FSDelete}, served: runs,
		}, deleteFile),
	}
}

// root is a folder of file_roots, with its files in the master's order.
type root struct {
	path  string
	files []string // paths below it
}

// files lists what is in the roots of an environment, in the order in which the master
// looks at them. ok is false if there is no such environment.
func (c *call) files(ctx context.Context, env string) (roots []root, ok bool, err error) {
	var tree rawObject
	if err := c.wheel(ctx, &tree, "file_roots.list_env", map[string]any{"saltenv": env}); err != nil {
		return nil, false, err
	}
	left := maxFiles
	roots, err = rootsOf(tree, &left)
	return roots, len(roots) > 0, err
}

// rawObject is a JSON object, undecoded, so that the order of its names is kept.
type rawObject []byte

// UnmarshalJSON implements [json.Unmarshaler].
func (r *rawObject) UnmarshalJSON(text []byte) error {
	if len(text) == 0 || text[0] != '{' {
		return errors.New("it is no object")
	}
	*r = bytes.Clone(text)
	return nil
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
		return &Error{Code: CodeTooLarge, Message: fmt.Sprintf("there are more than %d folders in each other", maxDepth)}
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
			return &Error{Code: CodeTooLarge, Message: fmt.Sprintf("there are more than %d files", maxFiles)}
		}
		r.files = append(r.files, name)
	}
	return nil
}

// wrongPath returns what is wrong with the path of a file below a root. It has to have
// the one form that Salt's and the system's reading of it agree about.
func wrongPath(name string) string {
	switch {
	case name == "":
		return "it is missing"
	case len(name) > maxPath:
		return fmt.Sprintf("it is longer than %d bytes", maxPath)
	case !utf8.ValidString(name) || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return "it has control characters, or is not UTF-8"
	case strings.Contains(name, `\`):
		return "it has a backslash"
	case path.IsAbs(name), name[0] == '~', strings.Contains(name, "://"):
		return "it is not relative to the roots of the environment"
	case path.Clean(name) != name, name == ".", name == "..", strings.HasPrefix(name, "../"):
		return "it has empty parts, or . or .. among them"
	}
	return ""
}

func wrongEnv(name string) string {
	if what := wrongPath(name); what != "" {
		return what
	}
	if strings.Contains(name, "/") || len(name) > 255 {
		return "it is no name of an environment"
	}
	return ""
}

func fileUUID(env, name string) string { return uuidOf("file", env+"\x00"+name) }

type getEnvParams struct {
	Env      string `rpc:"saltenv,required" doc:"The environment."`
	Metadata bool   `rpc:"include_fs_metadata" default:"true" doc:"Return metadata, too."`
}

func getEnvs(ctx context.Context, c *call, _ none) (any, error) {
	all, err := c.envs(ctx)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(all))
	for i, m := range all {
		names[i] = m.Name
	}
	return names, nil
}

// envs returns the environments with their contents.
func (c *call) envs(ctx context.Context) (jsonobject.Object, error) {
	var all rawObject
	if err := c.wheel(ctx, &all, "file_roots.list_roots", nil); err != nil {
		return nil, err
	}
	o, err := jsonobject.Parse(all)
	if err != nil {
		return nil, fmt.Errorf("file_roots.list_roots: %w", err)
	}
	return o, nil
}

// shownFile is a row of fs.get_env.
type shownFile struct {
	UUID     string        `json:"uuid"`
	Env      string        `json:"saltenv"`
	Path     string        `json:"path"`
	Metadata *fileMetadata `json:"metadata,omitempty"`
}

type fileMetadata struct {
	Root string `json:"root"`
}

func getEnv(ctx context.Context, c *call, p getEnvParams) (any, error) {
	if what := wrongEnv(p.Env); what != "" {
		return nil, invalidParameter("saltenv", what)
	}
	roots, ok, err := c.files(ctx, p.Env)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, errNoEnv()
	}
	rows := []shownFile{}
	seen := make(map[string]bool)
	for _, r := range roots {
		for _, name := range r.files {
			if seen[name] {
				continue
			}
			seen[name] = true
			row := shownFile{UUID: fileUUID(p.Env, name), Env: p.Env, Path: name}
			if p.Metadata {
				row.Metadata = &fileMetadata{r.path}
			}
			rows = append(rows, row)
		}
	}
	slices.SortFunc(rows, func(a, b shownFile) int { return strings.Compare(a.Path, b.Path) })
	return rows, nil
}

func errNoEnv() error { return &Error{Code: CodeNotFound, Message: "there is no such environment"} }

func errNoFile() error { return &Error{Code: CodeNotFound, Message: "there is no such file"} }

type fileParams struct {
	UUID string `rpc:"file_uuid" format:"uuid" doc:"The file, in place of saltenv and path."`
	Env  string `rpc:"saltenv" doc:"The environment."`
	Path string `rpc:"path" doc:"The path below the roots of the environment."`
}

// name returns the environment and the path of the file that is named.
func (p fileParams) name(ctx context.Context, c *call) (env, name string, err error) {
	if p.UUID != "" {
		if p.Env != "" || p.Path != "" {
			return "", "", invalidParameter("file_uuid", "it excludes saltenv and path")
		}
		return c.fileOf(ctx, p.UUID)
	}
	if what := wrongEnv(p.Env); what != "" {
		return "", "", invalidParameter("saltenv", what)
	}
	if what := wrongPath(p.Path); what != "" {
		return "", "", invalidParameter("path", what)
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
	if err := c.wheel(ctx, &list, "file_roots.find", map[string]any{"path": name, "saltenv": env}); err != nil {
		return nil, err
	}
	for _, one := range list {
		for full, kind := range one {
			all = append(all, foundFile{full, kind == "txt"})
		}
	}
	return all, nil
}

func fileExists(ctx context.Context, c *call, p fileParams) (any, error) {
	env, name, err := p.name(ctx, c)
	if e, ok := errors.AsType[*Error](err); ok && e.Code == CodeNotFound {
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
		return nil, &Error{Code: CodeFailed, Message: "the file is not a text, and the master returns the contents of texts only"}
	}
	var read []map[string]string
	if err := c.wheel(ctx, &read, "file_roots.read", map[string]any{"path": name, "saltenv": env}); err != nil {
		return nil, err
	}
	for _, one := range read {
		data, ok := one[all[0].full]
		switch {
		case !ok:
			continue
		case len(data) > maxContents:
			return nil, &Error{Code: CodeTooLarge, Message: fmt.Sprintf("the file has more than %d bytes", maxContents)}
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
	err = c.wheel(ctx, &said, "file_roots.write", map[string]any{"data": data, "path": name, "saltenv": env, "index": index})
	if err != nil {
		return nil, err
	}
	wrote, ok := strings.CutPrefix(said, "Wrote data to file ")
	if !ok {
		return nil, &Error{Code: CodeFailed, Message: "file_roots.write: " + clip(said)}
	}
	c.note(issuer.Changed, clip(fmt.Sprintf("file %q of %q", name, env)))
	if len(all) > 0 && wrote != all[0].full {
		// An empty folder is there twice, see onceEach.
		return nil, &Error{Code: CodeFailed, Message: clip("the master has written " + wrote + " in place of " + all[0].full + ": its file_roots have a folder twice")}
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
			return &Error{Code: CodeFailed, Message: clip("the master's file_roots have " + r.path + " twice: what is in the folders behind it cannot be written")}
		}
	}
	return nil
}

func errElsewhere() error {
	return &Error{Code: CodeFailed, Message: "the file is not below the roots of the environment"}
}

// contentsOf returns what is to be written. The master writes texts only.
func contentsOf(contents, kind string) (string, *Error) {
	if kind != "" {
		media, _, err := mime.ParseMediaType(kind)
		if err != nil {
			return "", invalidParameter("content_type", "it is no type")
		}
		if !isTextType(media) {
			raw, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(contents), ""))
			if err != nil {
				return "", invalidParameter("contents", "it is not base64, as the content_type says")
			}
			contents = string(raw)
		}
	}
	switch {
	case len(contents) > maxContents:
		return "", &Error{Code: CodeTooLarge, Message: fmt.Sprintf("contents: it has more than %d bytes", maxContents), Parameter: "contents"}
	case !utf8.ValidString(contents) || strings.Contains(contents, "\x00"):
		return "", invalidParameter("contents", "it is not a text, and the master writes texts only")
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
	if err := c.runnerArgs(ctx, &removed, "salt.cmd", []string{"file.remove"}, map[string]any{"path": full}); err != nil {
		return nil, err
	}
	if !removed {
		return nil, errNoFile()
	}
	c.note(issuer.Removed, clip(fmt.Sprintf("file %q of %q", name, env)))
	return nil, nil
}
