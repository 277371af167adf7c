package gateway

import (
	"context"

	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
)

// notifyAll has several hear what becomes of tokens, one after the other.
func notifyAll(all ...func(context.Context, issuer.Event)) func(context.Context, issuer.Event) {
	return func(ctx context.Context, e issuer.Event) {
		for _, tell := range all {
			tell(ctx, e)
		}
	}
}
