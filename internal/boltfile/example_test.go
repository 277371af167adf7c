package boltfile_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/saltern-api/saltern/internal/boltfile"
)

func Example() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	db, err := boltfile.Open("session store", filepath.Join(dir, "sessions.db"), boltfile.Wait, []byte("sessions"))
	fmt.Println(err)
	fmt.Println(db.Close())
	// Output:
	// <nil>
	// <nil>
}
