package gateway

import (
	"fmt"
	"os"
)

// stateDirWarnings tells that others may put files into the state folder in
// the place of the gateway's own: sessions, tokens and the key of their hashes.
// One that is not there yet is made for the gateway alone.
func stateDirWarnings(dir string) []string {
	info, err := os.Stat(dir)
	if err != nil || info.Mode().Perm()&0o022 == 0 {
		return nil
	}
	return []string{fmt.Sprintf("state_dir: %s: its mode %#o lets others change what is in it; chmod 700 keeps them out",
		dir, info.Mode().Perm())}
}
