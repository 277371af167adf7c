package sandbox

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Installed reports, as an error, why dir is not a virtual environment that
// holds the Salt version its name ends in: .work/salt-3008.5 must hold exactly
// 3008.5.
func Installed(dir string) error {
	_, want, ok := strings.Cut(filepath.Base(dir), "salt-")
	if !ok {
		return fmt.Errorf("%s: the folder's name must be salt-<version>", dir)
	}
	have, err := Version(dir)
	if err != nil {
		return err
	}
	if have != want {
		return fmt.Errorf("%s holds Salt %s, not %s", dir, have, want)
	}
	return nil
}

// Version returns the version of Salt in the virtual environment dir, as the
// environment's own package metadata states it.
func Version(dir string) (string, error) {
	const metadata = "lib/python3*/site-packages/salt-*.dist-info/METADATA"
	found, err := filepath.Glob(filepath.Join(dir, metadata))
	if err != nil {
		return "", fmt.Errorf("look for Salt in %s: %w", dir, err)
	}
	if len(found) != 1 {
		return "", fmt.Errorf("%s holds no Salt (make salt installs it)", dir)
	}
	text, err := os.ReadFile(found[0])
	if err != nil {
		return "", fmt.Errorf("read Salt's version: %w", err)
	}
	m := regexp.MustCompile(`(?m)^Version: (\S+)$`).FindSubmatch(text)
	if m == nil {
		return "", fmt.Errorf("%s names no version", found[0])
	}
	return string(m[1]), nil
}
