package zmtp

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"strings"

	"github.com/saltern-api/saltern/saltmaster/internal/bounded"
)

// greeting is the 64 bytes both sides begin with: signature, version 3.1, mechanism NULL, not a server.
var greeting = [64]byte{0: 0xff, 9: 0x7f, 10: 3, 11: 1, 12: 'N', 13: 'U', 14: 'L', 15: 'L'}

// handshake exchanges greetings and READY commands, as a REQ socket that talks to a ROUTER or REP.
func handshake(r *bufio.Reader, w io.Writer) error {
	hello := append(make([]byte, 0, 128), greeting[:]...)
	hello = appendReady(hello)
	if _, err := w.Write(hello); err != nil {
		return err
	}
	if err := readGreeting(r); err != nil {
		return err
	}
	flags, body, err := readFrame(r, maxCommand)
	if err != nil {
		return bounded.Unexpected(err)
	}
	if flags&flagCommand == 0 {
		return protocolError("message frame before READY")
	}
	name, rest, err := splitCommand(body)
	if err != nil {
		return err
	}
	switch name {
	case "READY":
		return checkReady(rest)
	case "ERROR":
		return peerError(rest)
	}
	return protocolError("command %q instead of READY", name)
}

func readGreeting(r io.Reader) error {
	var g [64]byte
	// The version is looked at first: an older peer sends a shorter greeting and then waits for ours.
	if _, err := io.ReadFull(r, g[:11]); err != nil {
		return bounded.Unexpected(err)
	}
	if g[0] != 0xff || g[9] != 0x7f {
		return protocolError("the peer does not speak ZMTP")
	}
	if g[10] < 3 {
		return protocolError("peer has ZMTP version %d, 3 is needed", g[10])
	}
	if _, err := io.ReadFull(r, g[11:]); err != nil {
		return bounded.Unexpected(err)
	}
	if mechanism := string(bytes.TrimRight(g[12:32], "\x00")); mechanism != "NULL" {
		return protocolError("peer wants mechanism %q, only NULL is spoken", mechanism)
	}
	return nil
}

func appendReady(dst []byte) []byte {
	body := appendName(nil, "READY")
	body = appendProperty(body, "Socket-Type", "REQ")
	body = appendProperty(body, "Identity", "")
	return append(appendHeader(dst, flagCommand, len(body)), body...)
}

func appendName(dst []byte, name string) []byte {
	return append(append(dst, byte(len(name))), name...)
}

func appendProperty(dst []byte, name, value string) []byte {
	dst = binary.BigEndian.AppendUint32(appendName(dst, name), uint32(len(value)))
	return append(dst, value...)
}

// checkReady walks READY's properties and looks at the socket type; others are of no interest.
func checkReady(props []byte) error {
	socketType := ""
	for len(props) > 0 {
		nameLen := int(props[0])
		if nameLen == 0 || len(props) < 1+nameLen+4 {
			return protocolError("READY is cut short")
		}
		name := string(props[1 : 1+nameLen])
		valueLen := uint64(binary.BigEndian.Uint32(props[1+nameLen:]))
		props = props[1+nameLen+4:]
		if valueLen > uint64(len(props)) {
			return protocolError("READY is cut short")
		}
		if strings.EqualFold(name, "Socket-Type") {
			socketType = string(props[:valueLen])
		}
		props = props[valueLen:]
	}
	if socketType != "ROUTER" && socketType != "REP" {
		return protocolError("peer is a %q socket, ROUTER or REP is needed", socketType)
	}
	return nil
}

// splitCommand separates a command's name from its data.
func splitCommand(body []byte) (name string, rest []byte, err error) {
	if len(body) == 0 || body[0] == 0 || len(body) < 1+int(body[0]) {
		return "", nil, protocolError("command without a name")
	}
	n := 1 + int(body[0])
	return string(body[1:n]), body[n:], nil
}

func peerError(rest []byte) error {
	reason := "no reason given"
	if len(rest) > 0 && len(rest) > int(rest[0]) {
		reason = string(rest[1 : 1+int(rest[0])])
	}
	return protocolError("peer says: %q", reason)
}
