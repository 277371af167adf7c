package yaml11_test

import (
	"fmt"

	"github.com/saltern-api/saltern/saltmaster/masterconf/yaml11"
)

func Example() {
	v, err := yaml11.Decode("/etc/salt/master", []byte("interval: 1:30\nopen_mode: no\nport: 04506\n"))
	if err != nil {
		fmt.Println(err)
		return
	}
	for item := range v.(*yaml11.Map).All() {
		fmt.Println(item.Key, item.Value)
	}
	// Output:
	// interval 90
	// open_mode false
	// port 4506
}
