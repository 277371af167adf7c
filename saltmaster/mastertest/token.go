package mastertest

import (
	"crypto/rand"
	"encoding/hex"
	"os"
	"path/filepath"
	"time"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

func (m *Master) mkToken(load msgpack.Raw) msgpack.Raw {
	user, ok := m.login(load)
	if !ok {
		return text("")
	}
	_, data, err := m.newToken(user, lookupText(load, "eauth"))
	if err != nil {
		return text("")
	}
	return data
}

// Token makes a token for user and writes its file, as a login would.
func (m *Master) Token(user string) (string, error) {
	token, _, err := m.newToken(user, m.opts.Eauth[0])
	return token, err
}

func (m *Master) newToken(user, eauth string) (token string, data msgpack.Raw, err error) {
	var b [32]byte
	_, _ = rand.Read(b[:])
	token = hex.EncodeToString(b[:])
	data, err = m.saveToken(token, user, eauth)
	return token, data, err
}

func (m *Master) saveToken(token, user, eauth string) (msgpack.Raw, error) {
	now := float64(time.Now().UnixMicro()) / 1e6
	expire := now + m.opts.TokenExpire.Seconds()
	data := object(pair{"start", float(now)}, pair{"expire", float(expire)}, pair{"name", text(user)},
		pair{"eauth", text(eauth)}, pair{"token", text(token)})
	file := data
	if m.release.tokenSuffix != "" {
		file = repack(nil, object(pair{"data", data}, pair{"_expires", number(int64(expire))}), true)
	}
	// The name appears with its content, as a reader must never see half a token.
	temp := filepath.Join(m.CacheDir(), "new-"+token)
	if err := os.WriteFile(temp, file, 0o600); err != nil {
		return nil, err
	}
	return data, os.Rename(temp, filepath.Join(m.TokenDir(), token+m.release.tokenSuffix))
}

func (m *Master) getToken(load msgpack.Raw) msgpack.Raw {
	if _, ok := load.Lookup("token"); !ok {
		return boolean(false)
	}
	if data, ok := m.readToken(lookupText(load, "token")); ok {
		return repack(nil, data, false)
	}
	return object()
}

// readToken finds a token in token_dir, whatever wrote it there.
func (m *Master) readToken(token string) (msgpack.Raw, bool) {
	if _, err := hex.DecodeString(token); err != nil || token == "" {
		return nil, false
	}
	path := filepath.Join(m.TokenDir(), token+m.release.tokenSuffix)
	b, err := os.ReadFile(path)
	if err != nil || msgpack.Valid(b) != nil {
		return nil, false
	}
	data := msgpack.Raw(b)
	if m.release.tokenSuffix != "" {
		data, _ = data.Lookup("data")
	}
	at, _ := data.Lookup("expire")
	expire, ok := at.Float()
	if !ok || expire < float64(time.Now().UnixMicro())/1e6 {
		_ = os.Remove(path)
		return nil, false
	}
	return data, true
}
