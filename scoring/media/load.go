package media

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"golang.org/x/sync/semaphore"

	"cream/schemas"
	"cream/scoring"
)

// Limits bound what is taken in before it is decoded.
type Limits struct {
	Bytes  int64 // of an encoded picture
	Pixels int64 // width × height, of a picture and of all that are decoded at a time
}

// DefaultLimits refuse a picture bomb and take any camera's picture.
func DefaultLimits() Limits { return Limits{Bytes: 32 << 20, Pixels: 100_000_000} }

// Loader gets pictures' bytes, and decodes them. It is safe for use by many
// goroutines.
type Loader struct {
	folder *folder // nil: no picture may be named by path
	limits Limits
	room   *semaphore.Weighted // for pixels that are being decoded
}

// NewLoader returns a Loader for the pictures under a folder; "" is none.
func NewLoader(root string, limits Limits) (*Loader, error) {
	l := &Loader{limits: limits, room: semaphore.NewWeighted(max(limits.Pixels, 0))}
	if root == "" {
		return l, nil
	}
	var err error
	if l.folder, err = openFolder(root); err != nil {
		return nil, err
	}
	return l, nil
}

// Close lets the folder go.
func (l *Loader) Close() error {
	if l.folder == nil {
		return nil
	}
	return l.folder.close()
}

func fault(reason, format string, args ...any) error {
	return &scoring.InputError{Reason: reason, Err: fmt.Errorf(format, args...)}
}

// Bytes returns the encoded picture. Every error is a *scoring.InputError but
// those of the file system itself.
func (l *Loader) Bytes(image schemas.Image) ([]byte, error) {
	if image.URI == "" {
		if int64(len(image.Data)) > l.limits.Bytes {
			return nil, fault("image-too-large", "an inline picture of %d bytes; at most %d are taken", len(image.Data), l.limits.Bytes)
		}
		return image.Data, nil
	}
	uri := strings.TrimPrefix(image.URI, "file://")
	if scheme, _, ok := strings.Cut(uri, "://"); ok {
		return nil, fault("image-remote", "picture %q: %s is not fetched: bring pictures as files or inline", image.URI, scheme)
	}
	if l.folder == nil {
		return nil, fault("image-missing", "picture %q is named by its path, and no folder of pictures is set: set media.root (--media-root)", image.URI)
	}
	root, name := l.folder.find(uri)
	info, err := root.Stat(name)
	if err != nil {
		return nil, l.openFault(image.URI, err)
	}
	if !info.Mode().IsRegular() { // to open a pipe would wait for its writer
		return nil, fault("image-missing", "picture %q is not a file", image.URI)
	}
	if info.Size() > l.limits.Bytes {
		return nil, fault("image-too-large", "picture %q has %d bytes; at most %d are taken", image.URI, info.Size(), l.limits.Bytes)
	}
	file, err := root.Open(name)
	if err != nil {
		return nil, l.openFault(image.URI, err)
	}
	defer file.Close()
	data := make([]byte, info.Size())
	if _, err := io.ReadFull(file, data); err != nil {
		return nil, fmt.Errorf("read picture %q: %w", image.URI, err)
	}
	return data, nil
}

// openFault tells a wrong name, the sample's fault, from a file system that
// does not work.
func (l *Loader) openFault(uri string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fault("image-missing", "picture %q is not there, below %s", uri, l.folder.root.Name())
	case errors.Is(err, fs.ErrPermission):
		return fault("image-missing", "picture %q may not be read", uri)
	}
	var named *fs.PathError
	if errors.As(err, &named) && (strings.Contains(named.Err.Error(), "escapes") || strings.Contains(named.Err.Error(), "invalid") ||
		strings.Contains(named.Err.Error(), "too long") || strings.Contains(named.Err.Error(), "not a directory")) {
		return fault("image-missing", "picture %q: %w: only what lies in %s is read, and no link that leads out of it; set media.root (--media-root) to the pictures' folder", uri, named.Err, l.folder.root.Name())
	}
	return fmt.Errorf("open picture %q: %w", uri, err)
}
