package yamlin

import (
	"bytes"
	"errors"
	"fmt"
	"math/big"
	"regexp"
	"strings"

	"github.com/saltern-api/saltern/internal/budget"
	"github.com/saltern-api/saltern/saltmaster/masterconf/yaml11"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// Document returns the one document in text as a value; nothing, or only
// comments, is nil.
//
// Scalars are those of YAML 1.1 as Salt's own loader has them: yes is a bool,
// 1:30 a number, a timestamp text, and leading zeros mean nothing. A key that
// stands twice is refused, as there, and so are tags other than the standard
// ones of YAML. Integers of more than 64 bits become text, as where Salt packs
// them.
//
// Errors have a text for the client, without a word of what it sent: a
// password may look like an anchor. They are those of the budget, too, which
// may be nil.
func Document(b *budget.Budget, text []byte) (msgpack.Raw, error) {
	v, err := decode(b, versioned(text))
	if err != nil {
		return nil, err
	}
	return pack(b, v, len(text))
}

// version2 finds the digit of YAML 1.2 at the start of a document.
var version2 = regexp.MustCompile(`\A\x{feff}?(?:[ \t]*(?:#[^\r\n]*)?\r?\n)*%YAML[ \t]+1\.0*(2)(?:\D|\z)`)

// versioned returns a text that says it is YAML 1.1 where it says 1.2: Salt's
// loader passes over that, and the parser refuses it.
func versioned(text []byte) []byte {
	found := version2.FindSubmatchIndex(text)
	if found == nil {
		return text
	}
	text = bytes.Clone(text)
	text[found[2]] = '1'
	return text
}

func decode(b *budget.Budget, text []byte) (any, error) {
	if err := inspect(b, text); err != nil {
		return nil, err
	}
	v, err := yaml11.Decode("", text)
	if err != nil {
		return nil, plainly(err)
	}
	return v, nil
}

// plainly is an error of yaml11 without the words that it took from the text.
func plainly(err error) error {
	e, ok := errors.AsType[*yaml11.Error](err)
	if !ok {
		return errors.New("not readable")
	}
	msg := e.Msg
	switch {
	case strings.HasPrefix(msg, "unknown anchor"):
		msg = "unknown anchor"
	case strings.HasPrefix(msg, "anchor &"):
		msg = "an anchor is defined twice"
	case strings.HasPrefix(msg, "the key "):
		msg = "a key stands here twice"
	case strings.Contains(msg, " tagged "):
		msg = "this tag does not fit here"
	}
	if e.Line == 0 {
		return errors.New(msg)
	}
	return fmt.Errorf("line %d: %s", e.Line, msg)
}

// pack makes msgpack of what yaml11 read from a text of size bytes.
func pack(b *budget.Budget, v any, size int) (msgpack.Raw, error) {
	w := writer{limit: maxGrowth*size + slack, budget: b}
	if err := w.value(v); err != nil {
		return nil, err
	}
	return w.out, nil
}

// writer copies what an alias stands for, where yaml11 has but a pointer to
// it, so it has a limit of its own.
type writer struct {
	out    []byte
	limit  int
	budget *budget.Budget
	paid   int // bytes of out
}

// payAfter is how many bytes are paid for at once.
const payAfter = 64 << 10

func (w *writer) pay() error {
	if len(w.out)-w.paid < payAfter {
		return nil
	}
	n := len(w.out) - w.paid
	w.paid = len(w.out)
	return w.budget.Spend(budget.Bytes(n))
}

func (w *writer) value(v any) error {
	switch v := v.(type) {
	case bool:
		w.out = msgpack.AppendBool(w.out, v)
	case int64:
		w.out = msgpack.AppendInt(w.out, v)
	case *big.Int:
		w.out = appendBig(w.out, v)
	case float64:
		w.out = msgpack.AppendFloat(w.out, v)
	case string:
		w.out = msgpack.AppendString(w.out, v)
	case []byte:
		w.out = msgpack.AppendString(w.out, v)
	case []any:
		return w.list(v)
	case *yaml11.Map:
		return w.mapping(v)
	default:
		w.out = msgpack.AppendNil(w.out)
	}
	if len(w.out) > w.limit {
		return fmt.Errorf("the aliases make it more than %d times as long", maxGrowth)
	}
	return w.pay()
}

func (w *writer) list(list []any) error {
	w.out = msgpack.AppendArray(w.out, len(list))
	for _, v := range list {
		if err := w.value(v); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) mapping(m *yaml11.Map) error {
	w.out = msgpack.AppendMap(w.out, m.Len())
	for item := range m.All() {
		if err := w.value(item.Key); err != nil {
			return err
		}
		if err := w.value(item.Value); err != nil {
			return err
		}
	}
	return nil
}

func appendBig(b []byte, i *big.Int) []byte {
	if i.IsUint64() {
		return msgpack.AppendUint(b, i.Uint64())
	}
	return msgpack.AppendString(b, i.String())
}
