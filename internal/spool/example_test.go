package spool_test

import (
	"fmt"
	"os"

	"github.com/saltern-api/saltern/internal/spool"
)

func Example() {
	store := spool.NewStore(spool.Options{
		Memory: 32 << 20,
		Disk:   4 << 30,
		Create: func() (spool.File, error) { return spool.Unlinked(os.TempDir()) },
	})
	s := store.New()
	defer s.Close() //nolint:errcheck // it was read
	_, _ = s.WriteString(`{"ms-1": `)
	mark := s.Size()
	_, _ = s.WriteString("true")
	_, err := s.Since(mark).WriteTo(os.Stdout)
	fmt.Println("", s.Size(), err)
	// Output: true 13 <nil>
}
