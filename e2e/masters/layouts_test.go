package masters

import "testing"

// TestLayouts runs everything that a gateway does with a master whose sockets or workers lie elsewhere.
func TestLayouts(t *testing.T) {
	eachMaster(t, map[string]master{
		"ipc_mode tcp": {options: map[string]any{"ipc_mode": "tcp"}, minion: map[string]any{"ipc_mode": "ipc"}},
		"ipv6":         {options: map[string]any{"interface": "::1", "ipv6": true}, minion: map[string]any{"interface": nil, "master": "::1"}},
		"ipc_mode tcp with ipv6": {
			options: map[string]any{"interface": "::1", "ipv6": true, "ipc_mode": "tcp"},
			minion:  map[string]any{"interface": nil, "master": "::1", "ipc_mode": "ipc"},
			from:    "3007",
		},
		"worker_pools": {
			options: map[string]any{"worker_pools": map[string]any{
				"publishing": map[string]any{"worker_count": 1, "commands": []string{"publish", "_auth"}},
				"rest":       map[string]any{"worker_count": 2, "commands": []string{"*"}},
			}},
			from: "3008",
		},
	})
}
