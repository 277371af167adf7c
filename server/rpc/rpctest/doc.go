// Package rpctest calls the methods of /rpc in tests, without the API: of one package, or a
// single one.
//
//	fmt.Println(rpctest.Do(api.Methods(), "fs.get_envs", `{}`))
//
// The package imports eauth, lowstate, saltmaster, server/audit, server/caller,
// server/rpc/method and server/web. Only tests import it.
package rpctest
