package web

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTraceparent(t *testing.T) {
	t.Parallel()
	const good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	newer := "cc" + good[2:]
	for sent, want := range map[string]string{
		good: good, newer: newer, newer + "-what-the-future-will-be-like": newer,
		"": "", "00": "", good[:54]: "", good + "-": "", good + "0": "", newer + "0": "",
		"ff" + good[2:]: "", "0x" + good[2:]: "", strings.ToUpper(good): "", strings.ReplaceAll(good, "-", "_"): "",
		"00-00000000000000000000000000000000-00f067aa0ba902b7-01": "",
		"00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01": "",
		"00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01": "",
		good + "," + good: "", " " + good: "", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-\n1": "",
	} {
		require.Equal(t, want, traceparent(&http.Request{Header: http.Header{"Traceparent": {sent}}}), sent)
	}
	require.Empty(t, traceparent(&http.Request{Header: http.Header{"Traceparent": {good, good}}}))
	require.Empty(t, traceparent(&http.Request{Header: http.Header{}}))
}

// No text makes more of itself than is bounded.
func FuzzTraceparent(f *testing.F) {
	f.Add("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	f.Add("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more")
	f.Fuzz(func(t *testing.T, sent string) {
		got := traceparent(&http.Request{Header: http.Header{"Traceparent": {sent}}})
		require.True(t, got == "" || len(got) == traceFlags && strings.HasPrefix(sent, got))
	})
}
