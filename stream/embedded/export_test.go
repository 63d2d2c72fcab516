package embedded

import "context"

// Clean measures and cleans once.
func (c *Cleaner) Clean(ctx context.Context) error { return c.clean(ctx) }

// SetLimit sets a limit that is too small for anything but a test.
func (c *Cleaner) SetLimit(bytes int64) { c.opts.Limit = bytes }

// SetSize sets what the folder was last measured to hold.
func (c *Cleaner) SetSize(bytes int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.size = bytes
}
