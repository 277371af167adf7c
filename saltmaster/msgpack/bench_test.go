package msgpack_test

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

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

// grainsReturn packs what grains.items returns, without the envelope: short keys
// with short texts and lists of words.
func grainsReturn() []byte {
	const more = 60
	b := msgpack.AppendMap(nil, 6+more)
	b = msgpack.AppendString(b, "cpu_flags")
	flags := strings.Fields(strings.Repeat("fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 ", 6))
	b = msgpack.AppendArray(b, len(flags))
	for _, f := range flags {
		b = msgpack.AppendString(b, f)
	}
	b = msgpack.AppendString(b, "hwaddr_interfaces")
	b = msgpack.AppendMap(b, 2)
	b = msgpack.AppendString(msgpack.AppendString(b, "lo"), "00:00:00:00:00:00")
	b = msgpack.AppendString(msgpack.AppendString(b, "eth0"), "02:fc:00:00:00:01")
	b = msgpack.AppendString(b, "ip4_interfaces")
	b = msgpack.AppendMap(b, 2)
	b = msgpack.AppendString(msgpack.AppendArray(msgpack.AppendString(b, "lo"), 1), "127.0.0.1")
	b = msgpack.AppendString(msgpack.AppendArray(msgpack.AppendString(b, "eth0"), 1), "192.0.2.2")
	b = msgpack.AppendInt(msgpack.AppendString(b, "mem_total"), 24105)
	b = msgpack.AppendBool(msgpack.AppendString(b, "selinux"), false)
	b = msgpack.AppendFloat(msgpack.AppendString(b, "uptime"), 22640.25)
	for i := range more {
		b = msgpack.AppendString(b, fmt.Sprintf("lsb_distrib_%d", i))
		b = msgpack.AppendString(b, "Debian GNU/Linux")
	}
	return b
}

// packagesReturn packs what pkg.list_pkgs returns, without the envelope.
func packagesReturn() []byte {
	const packages = 600
	b := msgpack.AppendMap(nil, packages)
	for i := range packages {
		b = msgpack.AppendString(b, fmt.Sprintf("libsome-perl%d", i))
		b = msgpack.AppendString(b, fmt.Sprintf("1:2.%d-1+deb12u1", i))
	}
	return b
}

// textReturn packs the output of a command, without the envelope.
func textReturn() []byte {
	const line = "-rw-r--r-- 1 root root   35149 Jan  2 03:04 \"GPL-3\"\n"
	return msgpack.AppendString(nil, strings.Repeat(line, 20_000))
}

// BenchmarkAppendJSON also reports the rate for a second of processor time,
// which is a better measure on a busy machine.
func BenchmarkAppendJSON(b *testing.B) {
	for name, src := range map[string][]byte{
		"state": jobReturn(), "grains": grainsReturn(), "packages": packagesReturn(), "text": textReturn(),
	} {
		b.Run(name, func(b *testing.B) {
			dst, err := msgpack.AppendJSON(nil, src)
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(src)))
			b.ReportAllocs()
			before := processorTime(b)
			for b.Loop() {
				dst, _ = msgpack.AppendJSON(dst[:0], src)
			}
			b.ReportMetric(float64(len(src))*float64(b.N)/1e6/(processorTime(b)-before).Seconds(), "MB/cpu-s")
		})
	}
}

func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
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
