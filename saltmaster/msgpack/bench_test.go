package msgpack_test

import (
	"fmt"
	"testing"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// jobReturn packs what a minion sends after a large highstate, as the event
// bus carries it: about 700 KB.
func jobReturn() []byte {
	const states = 1700
	b := msgpack.AppendMap(nil, 7)
	b = msgpack.AppendString(b, "cmd")
	b = msgpack.AppendString(b, "_return")
	b = msgpack.AppendString(b, "id")
	b = msgpack.AppendString(b, "ms-0")
	b = msgpack.AppendString(b, "jid")
	b = msgpack.AppendString(b, "20240102030405000006")
	b = msgpack.AppendString(b, "retcode")
	b = msgpack.AppendInt(b, 0)
	b = msgpack.AppendString(b, "success")
	b = msgpack.AppendBool(b, true)
	b = msgpack.AppendString(b, "fun")
	b = msgpack.AppendString(b, "state.highstate")
	b = msgpack.AppendString(b, "return")
	b = msgpack.AppendMap(b, states)
	for i := range states {
		b = msgpack.AppendString(b, fmt.Sprintf("file_|-/srv/app/conf.d/%04d.conf_|-managed_|-managed", i))
		b = msgpack.AppendMap(b, 9)
		b = msgpack.AppendString(b, "name")
		b = msgpack.AppendString(b, fmt.Sprintf("/srv/app/conf.d/%04d.conf", i))
		b = msgpack.AppendString(b, "changes")
		b = msgpack.AppendMap(b, 1)
		b = msgpack.AppendString(b, "diff")
		b = msgpack.AppendString(b, "--- \n+++ \n@@ -1,2 +1,2 @@\n-listen 80;\n+listen 443;\n grüße\n")
		b = msgpack.AppendString(b, "result")
		b = msgpack.AppendBool(b, i%7 != 0)
		b = msgpack.AppendString(b, "comment")
		b = msgpack.AppendString(b, "File updated, \"mode\" is 0644")
		b = msgpack.AppendString(b, "__sls__")
		b = msgpack.AppendString(b, "app.config")
		b = msgpack.AppendString(b, "__run_num__")
		b = msgpack.AppendInt(b, int64(i))
		b = msgpack.AppendString(b, "start_time")
		b = msgpack.AppendString(b, "12:34:56.789012")
		b = msgpack.AppendString(b, "duration")
		b = msgpack.AppendFloat(b, float64(i)*1.37)
		b = msgpack.AppendString(b, "pchanges")
		b = msgpack.AppendArray(b, 3)
		b = msgpack.AppendNil(b)
		b = msgpack.AppendInt(b, -5)
		b = msgpack.AppendInt(b, 1<<40)
	}
	return b
}

func BenchmarkAppendJSON(b *testing.B) {
	src := jobReturn()
	dst, err := msgpack.AppendJSON(nil, src)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		dst, _ = msgpack.AppendJSON(dst[:0], src)
	}
}

func BenchmarkValid(b *testing.B) {
	src := jobReturn()
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		if err := msgpack.Valid(src); err != nil {
			b.Fatal(err)
		}
	}
}
