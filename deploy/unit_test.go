package deploy_test

import (
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// What anybody can make the gateway use ends before the machine does.
func TestUnitHasBounds(t *testing.T) {
	unit, err := os.ReadFile("saltern.service")
	require.NoError(t, err)
	for key, value := range map[string]string{
		"MemoryMax": `[0-9]+[MG]`, "TasksMax": `[0-9]+`, "OOMPolicy": "continue", "LimitNOFILE": `[0-9]+`, "LimitCORE": "0",
	} {
		require.Regexp(t, regexp.MustCompile(`(?m)^`+key+`=`+value+`$`), string(unit))
	}
}
