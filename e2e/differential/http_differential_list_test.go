package differential

import (
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestDifferentialHTTPList holds the H rows of docs/differences.md against the cases:
// each row is shown, by a case or, as TestDifferentialHTTP sees to, by a rule;
// and what cases name is among these rows or the D ones.
func TestDifferentialHTTPList(t *testing.T) {
	text, err := os.ReadFile("../../docs/differences.md")
	require.NoError(t, err)
	shown := make(map[string]bool)
	for _, m := range regexp.MustCompile(`(?m)^\| (H\d+) \|`).FindAllStringSubmatch(string(text), -1) {
		_, twice := shown[m[1]]
		require.False(t, twice, "%s is listed twice", m[1])
		shown[m[1]] = false
	}
	for id := range httpRules {
		require.Contains(t, shown, id, "a rule's row")
		shown[id] = true
	}
	commands := listedDifferences(t)
	for _, topic := range readHTTPTopics(t) {
		for _, c := range topic.cases {
			for _, q := range c.steps {
				for _, id := range q.differs {
					if _, ours := shown[id]; !ours {
						require.Contains(t, commands, id, "%s/%s", topic.name, c.name)
						continue
					}
					shown[id] = true
				}
			}
		}
	}
	for id, ok := range shown {
		require.True(t, ok, "no case shows %s", id)
	}
}
