package tokenclients

import _ "embed"

// ManualOrgList is the list of organizations as Cloud Director's manual prints it,
// at https://host_name.
//
//go:embed orglist.xml
var ManualOrgList string
