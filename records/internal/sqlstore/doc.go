// Package sqlstore is what the SQL stores of records have in common: all of it,
// but for the driver, the schema and the few words in which the databases differ.
//
// Statements are made by huandu/go-sqlbuilder: values are always parameters, and
// names are constants of this package.
//
// It imports internal/pause and records.
package sqlstore
