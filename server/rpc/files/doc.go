// Package files serves the methods of /rpc about the files that minions get: those of the
// master's file_roots (fs).
//
//	(&files.API{Run: commands}).Methods()
//
// The wheel functions of file_roots find, read and write files, with the caller's
// authority. Paths that could lead out of the roots are refused before the master sees them.
//
// The package imports eauth, server/rpc/method and server/rpc/run, and no other of server/rpc.
package files
