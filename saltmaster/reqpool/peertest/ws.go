package peertest

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"

	"github.com/coder/websocket"
)

// wsWire is the master's side of Salt's transport ws.
type wsWire struct {
	nc net.Conn
	r  *bufio.Reader
	ws *websocket.Conn
}

// NewWS makes the master's side of Salt's transport ws.
func NewWS(nc net.Conn, r *bufio.Reader) Wire { return &wsWire{nc: nc, r: r} }

// Handshake reads one HTTP request, which becomes the WebSocket.
func (w *wsWire) Handshake() error {
	req, err := http.ReadRequest(w.r)
	if err != nil {
		return err
	}
	w.ws, err = websocket.Accept(&hijacker{header: http.Header{}, wire: w}, req, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		return err
	}
	w.ws.SetReadLimit(256 << 20)
	return nil
}

func (w *wsWire) Request() ([]byte, error) {
	kind, request, err := w.ws.Read(context.Background())
	if err != nil {
		_ = w.ws.CloseNow()
		return nil, err
	}
	if kind != websocket.MessageBinary {
		return nil, errors.New("a request that is a text")
	}
	return request, nil
}

func (w *wsWire) Reply(payload []byte) error {
	return w.ws.Write(context.Background(), websocket.MessageBinary, payload)
}

// hijacker gives a connection that no server has accepted to websocket.Accept.
type hijacker struct {
	header http.Header
	wire   *wsWire
}

func (h *hijacker) Header() http.Header { return h.header }

func (h *hijacker) Write(b []byte) (int, error) { return h.wire.nc.Write(b) }

func (h *hijacker) WriteHeader(status int) {
	res := http.Response{StatusCode: status, ProtoMajor: 1, ProtoMinor: 1, Header: h.header}
	_ = res.Write(h.wire.nc)
}

func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return h.wire.nc, bufio.NewReadWriter(h.wire.r, bufio.NewWriter(h.wire.nc)), nil
}
