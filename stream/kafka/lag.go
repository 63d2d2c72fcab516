package kafka

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
)

// Lag returns how many offsets a group is behind, transaction markers included.
// A group that has not begun is not behind.
func Lag(ctx context.Context, admin *kadm.Client, group string) (int64, error) {
	lags, err := admin.Lag(ctx, group)
	if err == nil {
		err = lags.Error()
	}
	if errors.Is(err, kerr.GroupIDNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("look up the lag of %s: %w", group, err)
	}
	return lags[group].Lag.Total(), nil
}
