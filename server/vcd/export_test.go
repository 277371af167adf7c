package vcd

// APIVersions is for the tests.
var APIVersions = apiVersions
