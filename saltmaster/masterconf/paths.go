package masterconf

import (
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// Salt's default folders where it is not built for others. All have root_dir put before them.
const (
	defaultCacheDir = "/var/cache/salt/master"
	defaultSockDir  = "/var/run/salt/master"
	defaultPKIDir   = "/etc/salt/pki/master"
	defaultLog      = "/var/log/salt/api"
	defaultPID      = "/var/run/salt-api.pid"
)

// maxSocketPath is what Linux takes as the path of a Unix socket, in bytes.
const maxSocketPath = 107

// paths fills in the folders and files. The order is Salt's: folders are derived from cachedir first, then every one is
// put under root_dir.
func (c *Config) paths(o options) {
	root, err := filepath.Abs(o.path("root_dir", "/"))
	if err != nil {
		_, at, _ := o.item("root_dir")
		o.rep.problem(at, "%s", err)
		root = "/"
	}
	cache := o.path("cachedir", defaultCacheDir)
	sock := o.path("sock_dir", defaultSockDir)
	// A long sock_dir gives way to a folder in the cache, whether or not that path is shorter in the end.
	if utf8.RuneCountInString(sock) > utf8.RuneCountInString(cache)+10 {
		sock = joinRaw(cache, ".salt-unix")
	}
	ext := defaultCacheDir + "/extmods"
	if v, _, ok := o.item("extension_modules"); ok {
		ext = joinRaw(cache, "extmods")
		if truthy(v) {
			ext = o.path("extension_modules", ext)
		}
	}
	if _, at, ok := o.item("token_dir"); ok {
		o.rep.warn(at, "Salt ignores it: tokens are always in the folder tokens of cachedir")
	}

	c.RootDir = root
	c.CacheDir = underRoot(root, cache)
	c.SockDir = underRoot(root, sock)
	c.TokenDir = underRoot(root, joinRaw(cache, "tokens"))
	c.PKIDir = underRoot(root, o.path("pki_dir", defaultPKIDir))
	if v, _, ok := o.item("cluster_id"); ok && truthy(v) {
		// Salt takes it as it is.
		if shared, _, ok := o.item("cluster_pki_dir"); ok && truthy(shared) {
			c.PKIDir = filepath.Clean(o.path("cluster_pki_dir", c.PKIDir))
		}
	}
	c.ExtensionModules = underRoot(root, ext)
	c.APILogfile = underRoot(root, o.path("api_logfile", defaultLog))
	c.APIPidfile = underRoot(root, o.path("api_pidfile", defaultPID))

	if _, socket := c.EventBusEndpoint(); c.IPCMode == ipcUnix && len(socket) > maxSocketPath {
		_, at, ok := o.item("sock_dir")
		if !ok {
			at = where{file: c.ConfFile, key: "sock_dir"}
		}
		o.rep.problem(at, "the socket path %s is longer than %d bytes; set a shorter one or ipc_mode: tcp",
			socket, maxSocketPath)
	}
}

// underRoot puts root_dir before a path that is not under it yet. An absolute path gets it, too: Salt's own default
// root is "/", so every absolute path counts as one that was meant to be below root_dir.
func underRoot(root, path string) string {
	if rest, ok := strings.CutPrefix(path, root+"/"); ok {
		path = "/" + rest
	}
	return filepath.Clean(root + "/" + strings.TrimLeft(filepath.Clean(path), "/"))
}

// joinRaw is Python's os.path.join of two parts: nothing is cleaned, which matters to underRoot.
func joinRaw(dir, name string) string {
	if dir == "" || strings.HasSuffix(dir, "/") {
		return dir + name
	}
	return dir + "/" + name
}
