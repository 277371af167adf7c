package method

import (
	"bytes"
	"encoding/json"

	"github.com/saltern-api/saltern/internal/jsonobject"
	"github.com/saltern-api/saltern/server/web"
)

// Field is a key of a chunk, with its value as JSON.
type Field struct {
	Key   string
	Value []byte
}

// TextField returns a key with a text.
func TextField(key, value string) Field { return Field{key, web.JSON(value)} }

// JSONField returns a key with a value that is JSON.
func JSONField(key string, value []byte) Field { return Field{key, value} }

// Arguments returns the arguments of a function as keys of a chunk. They are an object
// with arg, a list, and kwarg, an object; none for nil.
func Arguments(given Object) ([]Field, error) {
	if len(given) == 0 {
		return nil, nil
	}
	o, err := jsonobject.Parse(json.RawMessage(given))
	if err != nil {
		return nil, InvalidParameter("arg", err.Error())
	}
	var arg, kwarg json.RawMessage
	if err := o.Decode(map[string]any{"arg": &arg, "kwarg": &kwarg}); err != nil {
		return nil, InvalidParameter("arg", err.Error())
	}
	var fields []Field
	if !IsNull(arg) {
		if arg[0] != '[' {
			return nil, InvalidParameter("arg", "arg in it is a list")
		}
		fields = append(fields, JSONField("arg", arg))
	}
	if !IsNull(kwarg) && !bytes.Equal(kwarg, []byte("{}")) {
		if _, err := jsonobject.Parse(kwarg); err != nil {
			return nil, InvalidParameter("arg", "kwarg in it: "+err.Error())
		}
		fields = append(fields, JSONField("kwarg", kwarg))
	}
	return fields, nil
}
