package session

import (
	"context"
	"errors"
	"fmt"

	"github.com/saltern-api/saltern/eauth"
)

// storeError marks a failure of the store, which says nothing about the
// credentials, as [eauth.ErrUnavailable].
func storeError(err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fmt.Errorf("%w: %w", eauth.ErrUnavailable, err)
}
