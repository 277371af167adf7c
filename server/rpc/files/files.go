package files

import (
	"context"
	"slices"
	"strings"

	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/server/rpc/method"
	"github.com/saltern-api/saltern/server/rpc/run"
)

// The bounds of files. A file that is larger is not sent to the master; one that is
// there already is cut on its event bus, too.
const (
	maxContents = 1 << 20 // bytes
	maxFiles    = 100_000 // of one answer
	maxPath     = 1024    // bytes
	maxDepth    = 64      // folders
)

// API is the methods about files. Its fields are set once.
type API struct{ Run *run.API }

// Methods returns the declarations.
func (a *API) Methods() []*method.Method {
	read, write := []role.Permission{role.FSRead}, []role.Permission{role.FSWrite}
	return []*method.Method{
		declare(a, method.About{
			Name: "fs.get_envs", Doc: "Return the environments of the master's file_roots.", Returns: "a list of names",
			Needs: read, Served: a.Run.Ready(),
		}, getEnvs),
		declare(a, method.About{
			Name: "fs.get_env", Doc: "Return the files of an environment. Of files with the same path in several roots there is the one that minions get.",
			Returns: "a list of `{uuid, saltenv, path, metadata}`; metadata has the root", Needs: read, Served: a.Run.Ready(),
		}, getEnv),
		declare(a, method.About{
			Name: "fs.get_file", Doc: "Return a text file. The master does not return the contents of others.",
			Returns: "`{uuid, saltenv, path, content_type, size, sha256, data}`", Needs: read, Served: a.Run.Ready(),
		}, getFile),
		declare(a, method.About{
			Name: "fs.file_exists", Doc: "Return whether there is a file.", Returns: "true or false", Needs: read, Served: a.Run.Ready(),
		}, fileExists),
		declare(a, method.About{
			Name: "fs.save_file", Doc: "Write a text file: in the place of the one that minions get, or a new one in the first root of the environment.",
			Returns: "the uuid", Needs: write, Served: a.Run.Ready(),
		}, func(ctx context.Context, c *call, p saveFileParams) (any, error) { return saveFile(ctx, c, p, false) }),
		declare(a, method.About{
			Name: "fs.update_file", Doc: "Write a text file that is there already.", Returns: "the uuid", Needs: write, Served: a.Run.Ready(),
		}, func(ctx context.Context, c *call, p saveFileParams) (any, error) { return saveFile(ctx, c, p, true) }),
		declare(a, method.About{
			Name: "fs.delete_file", Doc: "Delete the file that minions get. The wheel functions of file_roots find it, and as these do not delete, " +
				"the runner `salt.cmd` removes it: the caller needs the right to run it, too.",
			Returns: "null", Needs: []role.Permission{role.FSDelete}, Served: a.Run.Ready(),
		}, deleteFile),
	}
}

// call is a call, with what runs commands.
type call struct{ run.Call }

// declare declares a method.
func declare[P any](a *API, about method.About, run func(ctx context.Context, c *call, p P) (any, error)) *method.Method {
	return method.New(about, func(ctx context.Context, c *method.Call, p P) (any, error) { return run(ctx, &call{a.Run.Of(c)}, p) })
}

type getEnvParams struct {
	Env      string `rpc:"saltenv,required" doc:"The environment."`
	Metadata bool   `rpc:"include_fs_metadata" default:"true" doc:"Return metadata, too."`
}

func getEnvs(ctx context.Context, c *call, _ method.None) (any, error) {
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
		return nil, method.InvalidParameter("saltenv", what)
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
