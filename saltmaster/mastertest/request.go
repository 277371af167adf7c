package mastertest

import (
	"github.com/saltern-api/saltern/internal/pause"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/saltmaster/zmtp/zmtptest"
)

// Texts that a master answers with in place of a map.
const (
	badLoad   = "bad load"
	notAMap   = "payload and load must be a dict"
	exception = "Some exception handling minion payload"
)

// answer is the reply to a request and what happens once it is sent.
type answer struct {
	reply msgpack.Raw
	then  func()
}

func plain(reply msgpack.Raw) answer { return answer{reply: reply} }

func (m *Master) handle(c *zmtptest.Conn, request []byte) {
	f := m.currentFaults()
	if f.DropRequest {
		_ = c.Close()
		return
	}
	if f.Silent || pause.For(m.lifetime(), f.Delay) != nil {
		return
	}
	a := m.answer(request)
	if f.EarlyReturns && a.then != nil {
		a.then()
		a.then = nil
	}
	switch {
	case f.DropReply:
		_ = c.Close()
	case f.Reply != nil:
		_ = c.Reply(f.Reply)
	default:
		_ = c.Reply(a.reply)
	}
	if a.then != nil {
		a.then()
	}
}

func (m *Master) answer(request msgpack.Raw) answer {
	if msgpack.Valid(request) != nil {
		if m.release.pooled {
			return plain(object(pair{"error", text("Routing error")}))
		}
		return plain(object(pair{"msg", text(badLoad)}))
	}
	enc, hasEnc := request.Lookup("enc")
	load, hasLoad := request.Lookup("load")
	version, _ := request.Lookup("version")
	if n, _ := version.Int(); !hasEnc || !hasLoad || n < 3 {
		return plain(text(badLoad))
	}
	kind, _ := enc.Str()
	if kind == "aes" {
		return plain(text(badLoad))
	}
	if load.Kind() != msgpack.Map {
		return plain(text(notAMap))
	}
	if kind != "clear" && m.release.pooled {
		return plain(text(exception))
	}
	cmd := lookupText(load, "cmd")
	m.mu.Lock()
	m.counts[cmd]++
	m.last[cmd] = load
	m.mu.Unlock()
	switch cmd {
	case "ping":
		return plain(load)
	case "get_token":
		return plain(m.getToken(load))
	case "mk_token":
		return plain(m.mkToken(load))
	case "publish":
		return m.publish(load)
	case "runner":
		return m.runner(load)
	case "wheel":
		return m.wheel(load)
	}
	return plain(object())
}

// failure is how the master answers with an exception.
func failure(name, message string) msgpack.Raw {
	return object(pair{"error", failureValue(name, message)})
}

func failureValue(name, message string) msgpack.Raw {
	return object(pair{"name", text(name)}, pair{"message", text(message)})
}
