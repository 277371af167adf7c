package sqlstore

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"sync"
)

// The values of the column coding.
const (
	codingPlain = iota
	codingDeflate
	codingOmitted
)

// compressFrom is the length from which values are compressed: below, too little
// is saved.
const compressFrom = 512

// deflaters are kept, since one has some 600 kB of tables.
var deflaters = sync.Pool{New: func() any {
	w, err := flate.NewWriter(nil, flate.BestSpeed)
	if err != nil {
		panic(err) // only for an unknown level
	}
	return w
}}

// compress returns a value as it is stored.
func compress(value []byte) (coding int, stored []byte) {
	if len(value) < compressFrom {
		return codingPlain, value
	}
	w := deflaters.Get().(*flate.Writer) //nolint:forcetypeassert // nothing else is put
	defer deflaters.Put(w)
	var b bytes.Buffer
	w.Reset(&b)
	if _, err := w.Write(value); err != nil || w.Close() != nil || b.Len() > len(value)-len(value)/8 {
		return codingPlain, value
	}
	return codingDeflate, b.Bytes()
}

// expand is the reverse of compress, for a value of this size.
func expand(coding int, stored []byte, size int64) ([]byte, error) {
	if coding != codingDeflate {
		return stored, nil
	}
	r := flate.NewReader(bytes.NewReader(stored))
	value, err := io.ReadAll(io.LimitReader(r, size+1))
	if err == nil && int64(len(value)) != size {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, fmt.Errorf("expand a value of %d bytes to %d: %w", len(stored), size, err)
	}
	return value, nil
}
