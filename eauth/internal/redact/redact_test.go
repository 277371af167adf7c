package redact_test

import (
	"fmt"
	"io/fs"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/internal/redact"
)

func TestError(t *testing.T) {
	t.Parallel()
	err := error(&fs.PathError{Op: "remove", Path: "/tokens/c0ffee", Err: os.ErrPermission})

	safe := redact.Error(err, "c0ffee")
	require.Equal(t, "remove /tokens/(token): permission denied", safe.Error())
	require.ErrorIs(t, safe, os.ErrPermission)
	require.NotContains(t, fmt.Sprintf("%v %+v %#v", safe, safe, safe), "c0ffee")

	require.Equal(t, err, redact.Error(err, "other"))
	require.Equal(t, err, redact.Error(err, ""))
	require.NoError(t, redact.Error(nil, "c0ffee"))
}
